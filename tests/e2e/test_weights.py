"""Weights move real traffic."""

import time

import pytest

from tests.e2e.running import Running

REQUESTS = 2000


@pytest.fixture(autouse=True)
def quiet(mesh: Running) -> None:
    mesh.visitors.pause()


def test_a_weight_of_10_percent_gets_10_percent_of_2000_requests(mesh: Running) -> None:
    result = mesh.api.weights("reviews", v1=90, v2=10, v3=0)
    assert result["converged"] == result["total"] > 0
    split = mesh.ingress.reviews_split(REQUESTS)
    assert split["v1"] + split["v2"] == REQUESTS
    assert 0.07 * REQUESTS <= split["v2"] <= 0.13 * REQUESTS


def test_a_weight_of_0_gets_nothing_once_converged(mesh: Running) -> None:
    for _ in range(3):
        mesh.api.weights("reviews", v1=0, v2=100, v3=0)
        assert mesh.ingress.reviews_split(50) == {"v2": 50}
        mesh.api.weights("reviews", v1=100, v2=0, v3=0)
        assert mesh.ingress.reviews_split(200) == {"v1": 200}


def test_weights_are_read_back_as_they_were_set(mesh: Running) -> None:
    mesh.api.weights("reviews", v1=60, v2=20, v3=20)
    weights = mesh.api.get("/namespaces/shop/services/reviews/weights")
    assert weights == {"v1": 60, "v2": 20, "v3": 20}


def test_moving_weights_under_load_fails_no_request(mesh: Running) -> None:
    before = mesh.visitors.pause()["total"]
    mesh.visitors.rate(20)
    time.sleep(1)
    for share in (0, 30, 70, 100, 50):
        mesh.api.weights("reviews", v1=100 - share, v2=share, v3=0)
    mesh.api.weights("reviews", v1=60, v2=20, v3=20)
    time.sleep(1)
    after = mesh.visitors.pause()
    assert after["total"]["failed"] - before["failed"] == 0, after["failures"]
    assert after["total"]["succeeded"] - before["succeeded"] > 20
