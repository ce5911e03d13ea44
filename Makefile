# `make demo` and `make test` need make and Python 3.11 or newer. What else they need they install into .venv.
#
#   PYTHON=/path/to/python3.12   the Python to use, instead of the first suitable one found
#   ARGS="-k sigmoid"            more words for pytest
#   FRESH=1                      random tests draw new examples, as a nightly run does; otherwise they draw the same every time

VENV := .venv
PYTEST = $(VENV)/bin/python -m pytest -q $(ARGS)

.PHONY: help demo test slow fuzz lint benchmark docs clean anew
.DELETE_ON_ERROR:

help:
	@echo 'make demo        derive, check, compile and train a network; the results go to demo/'
	@echo 'make test        the tests'
	@echo 'make slow        the slower tests, and those against JAX'
	@echo '                 with FRESH=1 after either, random tests draw new examples (for nightly runs)'
	@echo 'make fuzz        a million inputs that nobody would write (COUNT=1000 for fewer)'
	@echo 'make lint        ruff and pyright'
	@echo 'make benchmark   how long things take'
	@echo 'make docs        the documentation as a site, in build/docs'
	@echo 'make clean       remove what these wrote, except $(VENV)'

demo: $(VENV)/.has-digits
	@sh examples/demo.sh $(VENV)/bin/symbackprop

test: $(VENV)/.has-test,digits
	@$(PYTEST) -n 2 --dist worksteal -m "not slow"

slow: $(VENV)/.has-dev
	@$(PYTEST) -n 2 --dist worksteal -m slow

fuzz: $(VENV)/.has-test,digits
	@$(VENV)/bin/python -m tests.fuzz $(or $(COUNT),1000000)

lint: $(VENV)/.has-dev
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/pyright

benchmark: $(VENV)/.has-test,digits
	@$(PYTEST) -s benchmarks

docs: $(VENV)/.has-docs
	@$(VENV)/bin/python docs/website.py build/docs

clean:
	@rm -rf demo build dist .pytest_cache .ruff_cache .hypothesis .benchmarks
	@find . -path ./$(VENV) -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp for each set of extras: newer than pyproject.toml means installed, unless the environment's Python has gone.
$(VENV)/.has-%: $(VENV)/bin/python pyproject.toml $(if $(realpath $(VENV)/bin/python),,anew)
	@echo 'Installing symbackprop and what it needs into $(VENV) (a minute or two, once) ...'
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]' >$(VENV)/pip.log 2>&1 || { \
	  grep 'ERROR' $(VENV)/pip.log | grep -v 'Ignored the following' | cut -c 1-160 | tail -n 2 >&2; \
	  echo 'pip could not install symbackprop. Is the network there? All that pip said is in $(VENV)/pip.log' >&2; exit 1; }
	@touch $@

anew:

# An environment that is there already is used as it is; one whose Python has gone is made anew.
$(VENV)/bin/python:
	@for python in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11); do \
	  found=$$("$$python" -c 'import sys; print("%d.%d" % sys.version_info[:2]) if sys.version_info >= (3, 11) else None' 2>/dev/null); \
	  case "$$found" in 3.*) break;; esac; \
	done; \
	case "$$found" in 3.*) ;; *) \
	  echo 'symbackprop needs Python 3.11 or newer, and $(or $(PYTHON),python3) is '"$$($(or $(PYTHON),python3) -V 2>&1 | tail -n 1 | grep '^Python' || echo not there)". \
	    'Install one, or name it: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)' >&2; exit 1;; \
	esac; \
	"$$python" -m venv --clear $(VENV) >/dev/null 2>&1 || { rm -rf $(VENV); \
	  echo "$$python cannot make a virtual environment. On Debian or Ubuntu: sudo apt install python$$found-venv" >&2; exit 1; }
