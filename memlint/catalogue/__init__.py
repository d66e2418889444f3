"""What is known of libraries, as data: model, loader, finder and the TOML files."""

from memlint.catalogue.errors import CatalogueError
from memlint.catalogue.loader import load
from memlint.catalogue.model import Catalogue

__all__ = ["Catalogue", "CatalogueError", "load"]
