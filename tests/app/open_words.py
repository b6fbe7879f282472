"""What the open keys of the pages' words may be, of all pages together."""

from __future__ import annotations

from tests.app.explore.explanation_keys import OF_TESTS
from tests.app.mistakes.open_keys import OF_MISTAKES
from tests.app.models.matrix_keys import OF_MATRIX
from tests.app.trust.trust_page import OF_TRUST

OF_PAGES = {**OF_TESTS, **OF_TRUST, **OF_MATRIX, **OF_MISTAKES}
"""By the key as it is written in the source: the keys that it may be."""
