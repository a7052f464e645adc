"""The contract of the Classifier port, run on every adapter."""

from __future__ import annotations

import pytest

from earshot.ports import Classifier
from nlp.classifier import SpacyClassifier
from tests.ports.classifier import ClassifierContract


@pytest.fixture(params=["spacy"], scope="module")
def classifier(request: pytest.FixtureRequest) -> Classifier:
    return {"spacy": SpacyClassifier}[request.param]()


class TestClassifier(ClassifierContract):
    pass
