"""Papers of pandoc are made where there is one."""

from symbackprop.documents.formats.office import pandoc

collect_ignore = [] if pandoc() else ["test_by_pandoc.py"]
