"""The page is driven in a browser where there is one."""

from importlib.util import find_spec
from shutil import which

CHROMIUM = which("chromium") or which("chromium-browser") or which("google-chrome")
DRIVEN = CHROMIUM and find_spec("playwright")
# the folder of files needs a runtime for the browser, which npm fetches
collect_ignore = ([] if DRIVEN else ["test_page_in_a_browser.py"]) + (
    [] if DRIVEN and which("npm") else ["test_site_in_a_browser.py"]
)
