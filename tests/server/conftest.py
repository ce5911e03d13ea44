"""The page is driven in a browser where there is one."""

from importlib.util import find_spec
from shutil import which

CHROMIUM = which("chromium") or which("chromium-browser") or which("google-chrome")
collect_ignore = [] if CHROMIUM and find_spec("playwright") else ["test_page_in_a_browser.py"]
