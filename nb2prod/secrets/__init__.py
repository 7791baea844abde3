"""Keys, tokens and passwords in text: finding them, and taking them out of what is shown, kept or logged."""

from nb2prod.secrets.captured import exposed_names, secret_values
from nb2prod.secrets.document import Place, Planted, find_planted, mask_document
from nb2prod.secrets.find import Mask, Secret, find_secrets, mask_of, no_mask
from nb2prod.secrets.findings import file_findings, masked, secret_findings

__all__ = [
    "Mask",
    "Place",
    "Planted",
    "Secret",
    "exposed_names",
    "file_findings",
    "find_planted",
    "find_secrets",
    "mask_document",
    "mask_of",
    "masked",
    "no_mask",
    "secret_findings",
    "secret_values",
]
