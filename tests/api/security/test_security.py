"""Every route against every wrong credential, drawn from the OpenAPI document so that none is forgotten."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import hashlib
import hmac
import json
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey
from sqlalchemy import event
from starlette.routing import Mount

from api.app import create_app
from api.deployment.releases import Releases
from api.security.gate import FREE, OPEN
from api.security.known_keys import KnownKeys
from api.security.tokens import KeySetError, Tokens
from api.settings import ServiceSettings
from recommender.bundle.bundle import Bundle
from store import keys, tables
from store.database import Store
from store.errors import StoreDownError
from training_data.settings import SettingsError

ISSUER = "https://identity.example"
SIGNING = RSAKey.generate_key(2048, {"kid": "signing"})
STRANGER = RSAKey.generate_key(2048, {"kid": "signing"})
OTHERS = {
    "ES256": ECKey.generate_key("P-256", {"kid": "ec"}),
    "Ed25519": OKPKey.generate_key("Ed25519", {"kid": "okp"}),
}
OFFICERS_ONLY = {
    ("post", "/v1/courses/{course_id}/audience"),
    ("post", "/v1/allocations"),
    ("get", "/v1/allocations"),
    ("get", "/v1/allocations/{allocation_id}"),
    ("get", "/v1/allocations/{allocation_id}/people"),
    ("post", "/v1/allocations/{allocation_id}/cancel"),
}
METRICS_ONLY = {("get", "/metrics")}
FOR_BOTH = {
    ("get", "/v1/regions"),
    ("get", "/v1/categories"),
    ("get", "/v1/skills"),
    ("get", "/v1/occupations"),
    ("get", "/v1/courses"),
    ("get", "/v1/courses/{course_id}"),
    ("get", "/v1/courses/{course_id}/similar"),
    ("get", "/v1/model"),
}


def claims(**changes: Any) -> dict[str, Any]:
    plain = {"sub": "portal", "iss": ISSUER, "aud": "padan", "scope": "portal officer"}
    complete = plain | {"exp": int(time.time()) + 600} | changes
    return {name: value for name, value in complete.items() if value is not None}


def token(key: Any = SIGNING, algorithm: str = "RS256", **changes: Any) -> str:
    header = {"alg": algorithm, "kid": key.kid} if key.kid else {"alg": algorithm}
    return jwt.encode(header, claims(**changes), key, algorithms=[algorithm])


def deep() -> str:
    """A good signature under claims that no reader gets to the bottom of."""
    head = {"alg": "RS256", "kid": SIGNING.kid}
    return jws.serialize_compact(head, b"[" * 20_000, SIGNING)


def unsigned(algorithm: str) -> str:
    parts = ({"alg": algorithm, "kid": "signing", "typ": "JWT"}, claims())
    return ".".join(_base64(json.dumps(part).encode()) for part in parts) + "."


def confused() -> str:
    """A token signed with the public key as if it were a shared secret."""
    start = unsigned("HS256")[:-1]
    public = SIGNING.as_pem(private=False)
    return f"{start}.{_base64(hmac.digest(public, start.encode(), hashlib.sha256))}"


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


WRONG_TOKENS: dict[str, Callable[[], str]] = {
    "garbage": lambda: "garbage",
    "three parts": lambda: "a.b.c",
    "not ascii": lambda: "ä.ö.ü",
    "expired": lambda: token(exp=int(time.time()) - 3600),
    "not yet in force": lambda: token(nbf=int(time.time()) + 3600),
    "without an end": lambda: token(exp=None),
    "an end that is no number": lambda: token(exp="tomorrow"),
    "wrong audience": lambda: token(aud="another"),
    "without audience": lambda: token(aud=None),
    "wrong issuer": lambda: token(iss="https://another.example"),
    "without subject": lambda: token(sub=None),
    "unknown key": lambda: token(STRANGER),
    "unknown key id": lambda: token(RSAKey.generate_key(2048, {"kid": "who"})),
    "changed": lambda: token()[:-8] + "AAAAAAAA",
    "alg none": lambda: unsigned("none"),
    "alg None": lambda: unsigned("None"),
    "alg HS256 without signature": lambda: unsigned("HS256"),
    "public key as secret": confused,
    "participant that is no name": lambda: token(participant_id=7),
    "deep claims": deep,
    "deep head": lambda: f"{_base64(b'[' * 9_000)}.e30.e30",
}


@pytest.fixture
def protected(bundle: Bundle, sqlite_store: Store, tmp_path: Path) -> FastAPI:
    public = [key.as_dict(private=False) for key in (SIGNING, *OTHERS.values())]
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": public}))
    settings = ServiceSettings(
        jwks=str(tmp_path / "jwks.json"), jwt_issuer=ISSUER, max_failures_per_minute=1_000_000
    )
    return create_app(Releases.of(bundle), sqlite_store, settings)


@pytest.fixture
def outside(protected: FastAPI) -> Iterator[TestClient]:
    with TestClient(protected, raise_server_exceptions=False) as client:
        yield client


def is_open(path: str) -> bool:
    return path in OPEN or path.startswith(FREE)


def routes(app: FastAPI) -> list[tuple[str, str]]:
    return [
        (method, path)
        for path, operations in app.openapi()["paths"].items()
        for method in operations
        if not is_open(path)
    ]


def send(client: TestClient, method: str, path: str, **headers: Any) -> Any:
    address = path.replace("{course_id}", "penjualan-004").replace("{participant_id}", "p1")
    return client.request(method, address, headers=headers)


def test_the_document_names_every_route_that_answers(protected: FastAPI) -> None:
    found = {
        (method.lower(), route.path)
        for route in _leaves(protected.routes)
        for method in route.methods - {"HEAD"}
    }
    assert {(method, path) for method, path in found if not is_open(path)} == set(
        routes(protected)
    ) | {("get", "/docs/oauth2-redirect")}
    assert len(routes(protected)) >= 13


def _leaves(routes: Any) -> Iterator[Any]:
    for route in routes:
        if hasattr(route, "methods"):
            yield route
        elif not isinstance(route, Mount):  # the files of /docs, which hold nothing of anybody
            yield from _leaves(route.original_router.routes)


@pytest.mark.parametrize("name", [*WRONG_TOKENS, "missing", "basic", "empty"])
def test_no_route_opens_to_a_wrong_token(
    protected: FastAPI, outside: TestClient, name: str
) -> None:
    headers = {
        "missing": {},
        "basic": {"Authorization": "Basic cG9ydGFsOnBvcnRhbA=="},
        "empty": {"Authorization": "Bearer "},
    }
    sent = headers.get(name)
    if sent is None:
        sent = {"Authorization": f"Bearer {WRONG_TOKENS[name]()}".encode("latin-1")}
    for method, path in [*routes(protected), ("get", "/nowhere"), ("post", "/v1/../metrics")]:
        answer = send(outside, method, path, **sent)
        assert answer.status_code == 401, (method, path)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("kind", ["unknown", "wrong secret", "expired", "revoked", "half", "empty"])
def test_no_route_opens_to_a_wrong_key(
    protected: FastAPI,
    outside: TestClient,
    sqlite_store: Store,
    new_key: Callable[..., str],
    kind: str,
) -> None:
    good = new_key("portal", "officer", "admin")
    past = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)
    wrong = {
        "unknown": "padan_0123456789abcdef_" + "x" * 43,
        "wrong secret": good[:-1] + ("A" if good[-1] != "A" else "B"),
        "expired": new_key("admin", expires_at=past),
        "revoked": good,
        "half": good.rpartition("_")[0],
        "empty": "",
    }
    if kind == "revoked":
        with sqlite_store.writing() as connection:
            assert keys.revoke(connection, (keys.split_key(good) or ("", ""))[0])
    for method, path in routes(protected):
        answer = send(outside, method, path, **{"X-API-Key": wrong[kind]})
        assert answer.status_code == 401, (method, path)


@pytest.mark.parametrize(
    "scopes", [("portal",), ("officer",), ("metrics",), ("admin",), (), ("root",)]
)
@pytest.mark.parametrize("way", ["token", "key"])
def test_each_scope_opens_its_routes_and_no_other(
    protected: FastAPI,
    outside: TestClient,
    new_key: Callable[..., str],
    scopes: tuple[str, ...],
    way: str,
) -> None:
    sent = (
        {"Authorization": f"Bearer {token(scope=' '.join(scopes))}"}
        if way == "token"
        else {"X-API-Key": new_key(*scopes)}
    )
    for method, path in routes(protected):
        allowed = {"officer"} if (method, path) in OFFICERS_ONLY else {"portal"}
        if (method, path) in FOR_BOTH:
            allowed |= {"officer"}
        if (method, path) in METRICS_ONLY:
            allowed = {"metrics"}
        status = send(outside, method, path, **sent).status_code
        if allowed.isdisjoint(scopes) and "admin" not in scopes:
            assert status == 403, (method, path)
        else:
            assert status not in (401, 403), (method, path)


def test_the_document_says_which_scopes_a_route_needs(protected: FastAPI) -> None:
    for path, operations in protected.openapi()["paths"].items():
        for method, operation in operations.items():
            if is_open(path):
                assert operation["security"] == []
                continue
            schemes = {scheme for one in operation["security"] for scheme in one}
            assert schemes == {"HTTPBearer", "APIKeyHeader"}, (method, path)
            assert {"400", "401", "403", "413", "422", "429", "503"} <= operation[
                "responses"
            ].keys()


def test_two_credentials_at_once_open_nothing(
    outside: TestClient, new_key: Callable[..., str]
) -> None:
    sent = {"Authorization": f"Bearer {token()}", "X-API-Key": new_key("admin")}
    assert send(outside, "get", "/v1/model", **sent).status_code == 401


@pytest.mark.parametrize("algorithm", OTHERS)
def test_other_kinds_of_signature_open(outside: TestClient, algorithm: str) -> None:
    sent = {"Authorization": f"bearer {token(OTHERS[algorithm], algorithm)}"}
    assert send(outside, "get", "/v1/model", **sent).status_code == 200


def test_health_needs_no_credential(outside: TestClient) -> None:
    for path in ("/healthz", "/readyz"):
        assert outside.get(path).status_code == 200


def test_a_participants_token_reaches_that_participant_only(outside: TestClient) -> None:
    portal = {"Authorization": f"Bearer {token()}"}
    for name in ("p1", "p2"):
        assert outside.put(f"/v1/participants/{name}", json={}, headers=portal).is_success
    own = {"Authorization": f"Bearer {token(scope='portal', participant_id='p1')}"}
    click = {"event_id": "e", "course_id": "c", "kind": "click", "at": "2026-02-24T09:30:00Z"}
    for name, allowed in (("p1", True), ("p2", False)):
        path = f"/v1/participants/{name}"
        body = {"participant_id": name}
        answers = [
            outside.get(path, headers=own),
            outside.put(path, json={}, headers=own),
            outside.put(f"{path}/profiling", json={"opt_out": True}, headers=own),
            outside.get(f"{path}/export", headers=own),
            outside.post("/v1/recommendations", json=body, headers=own),
            outside.post("/v1/plans", json=body, headers=own),
            outside.post(
                "/v1/eligibility", json=body | {"course_ids": ["penjualan-004"]}, headers=own
            ),
            outside.post("/v1/events", json={"events": [click | body]}, headers=own),
            outside.delete(path, headers=own),
        ]
        for answer in answers:
            assert answer.is_success if allowed else answer.status_code == 403, answer.text


def test_the_audit_holds_no_citizens_name_and_whom_it_refused(
    outside: TestClient, protected: FastAPI, sqlite_store: Store
) -> None:
    citizen = "3171-citizen-sub"
    own = token(sub=citizen, scope="portal", participant_id="p1")
    for number, name in enumerate(("p1", "p2")):
        headers = {"Authorization": f"Bearer {own}", "X-Request-ID": f"request-{number}"}
        outside.put(f"/v1/participants/{name}", json={}, headers=headers)
        outside.post("/v1/recommendations", json={"participant_id": name}, headers=headers)
    headers = {"Authorization": f"Bearer {token(scope='metrics')}", "X-Request-ID": "request-scope"}
    assert outside.get("/v1/model", headers=headers).status_code == 403
    protected.state.service.audit_writer.close()
    with sqlite_store.reading() as connection:
        rows = connection.execute(sa.select(tables.audit)).mappings().all()
    assert citizen not in str(rows)
    theirs = f"participant {sqlite_store.pseudonym(citizen)}"
    found = {(row["actor"], row["action"], row["subject"], row["request_id"]) for row in rows}
    subjects = [sqlite_store.pseudonym(name) for name in ("p1", "p2")]
    assert found == {
        (theirs, "write", subjects[0], "request-0"),
        (theirs, "recommend", subjects[0], "request-0"),
        (theirs, "refuse", subjects[1], "request-1"),
        ("portal", "refuse", None, "request-scope"),
    }


def test_a_revoked_key_ends_when_what_is_remembered_of_it_does(
    outside: TestClient,
    sqlite_store: Store,
    new_key: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = new_key("portal")
    assert send(outside, "get", "/v1/model", **{"X-API-Key": key}).status_code == 200
    with sqlite_store.writing() as connection:
        keys.revoke(connection, (keys.split_key(key) or ("", ""))[0])
    monkeypatch.setattr("api.security.known_keys.KEPT_SECONDS", 0)
    assert send(outside, "get", "/v1/model", **{"X-API-Key": key}).status_code == 401


def test_after_a_long_outage_no_key_is_let_in(
    sqlite_store: Store, new_key: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    key_id, _ = keys.split_key(new_key("portal")) or ("", "")
    is_up = True
    known = KnownKeys(replace(sqlite_store, is_up=lambda: is_up), seconds=1)

    async def ask() -> None:
        nonlocal is_up
        assert await known.find(key_id)
        is_up = False
        assert await known.find(key_id)
        monkeypatch.setattr("api.security.known_keys.OUTAGE_SECONDS", 0)
        for _ in range(2):  # the first question does not open the door to the second
            with pytest.raises(StoreDownError):
                await known.find(key_id)

    asyncio.run(ask())
    known.close()


WRONG = {"X-API-Key": "padan_0123456789abcdef_" + "x" * 43}


def test_after_many_wrong_credentials_the_address_is_told_to_wait_and_good_ones_pass(
    bundle: Bundle, sqlite_store: Store, new_key: Callable[..., str]
) -> None:
    client = TestClient(
        create_app(Releases.of(bundle), sqlite_store, ServiceSettings(max_failures_per_minute=3))
    )
    statuses = [client.get("/v1/model", headers=WRONG).status_code for _ in range(5)]
    assert statuses == [401, 401, 401, 429, 429]
    assert client.get("/healthz").status_code == 200
    for scope in ("portal", "officer"):  # also of a key that is made only now
        good = {"X-API-Key": new_key(scope)}
        assert client.get("/v1/model", headers=good).status_code == 200
    assert client.get("/v1/model", headers=WRONG).status_code == 429


def test_wrong_keys_cost_the_store_a_few_readings_however_many_they_are(
    bundle: Bundle, sqlite_store: Store, new_key: Callable[..., str]
) -> None:
    # 120 requests at once: how long they wait on a busy machine is not what is asked here
    settings = ServiceSettings(max_failures_per_minute=1_000_000, store_timeout_seconds=60)
    app = create_app(Releases.of(bundle), sqlite_store, settings)
    asked = 0

    def count(*_: Any) -> None:
        nonlocal asked
        asked += 1

    good = new_key("portal")

    async def ask_many() -> list[int]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
            sent = [f"padan_{number:016x}_{'x' * 43}" for number in range(100)] + [good] * 20
            answers = (http.get("/v1/model", headers={"X-API-Key": key}) for key in sent)
            return [answer.status_code for answer in await asyncio.gather(*answers)]

    event.listen(sqlite_store.engine, "before_cursor_execute", count)
    assert asyncio.run(ask_many()) == [401] * 100 + [200] * 20
    event.remove(sqlite_store.engine, "before_cursor_execute", count)
    assert asked <= 5


@pytest.mark.parametrize(
    ("trusted", "forwarded", "locked"),
    [
        ("", ["192.0.2.1", "192.0.2.2"], True),  # nobody is believed: all are the proxy
        ("testclient", ["192.0.2.1"], None),
        ("203.0.113.0/24", ["192.0.2.1", "192.0.2.2"], False),
        ("203.0.113.9", ["192.0.2.1:4711", "[2001:db8::1]:80"], False),
        ("203.0.113.9", ["192.0.2.1", "198.51.100.7, 192.0.2.1"], True),  # the first is made up
        ("203.0.113.9", ["192.0.2.1", "192.0.2.2, 203.0.113.9"], False),
        ("203.0.113.9", ["2001:db8::1", "2001:db8::ffff:1"], True),  # one network of IPv6
        ("203.0.113.9", ["nonsense", "unknown, "], True),
    ],
)
def test_forwarded_addresses_are_believed_of_trusted_proxies_alone(
    bundle: Bundle,
    sqlite_store: Store,
    trusted: str,
    forwarded: list[str],
    locked: bool | None,
) -> None:
    if locked is None:
        with pytest.raises(SettingsError, match="PADAN_TRUSTED_PROXIES"):
            ServiceSettings(trusted_proxies=trusted)
        return
    settings = ServiceSettings(trusted_proxies=trusted, max_failures_per_minute=1)
    app = create_app(Releases.of(bundle), sqlite_store, settings)
    client = TestClient(app, client=("203.0.113.9", 1234))
    statuses = [
        client.get("/v1/model", headers={"X-Forwarded-For": one}).status_code for one in forwarded
    ]
    assert statuses == [401, 429 if locked else 401]


def test_no_proxy_leads_into_development_mode(bundle: Bundle, sqlite_store: Store) -> None:
    app = create_app(Releases.of(bundle), sqlite_store, ServiceSettings(), development=True)
    client = TestClient(app, base_url="http://localhost")
    assert client.get("/v1/model").status_code == 200
    for name in ("X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"):
        assert client.get("/v1/model", headers={name: "192.0.2.1"}).status_code == 400


def test_a_batch_counts_as_its_lists(
    bundle: Bundle, sqlite_store: Store, new_key: Callable[..., str]
) -> None:
    settings = ServiceSettings(max_requests_per_minute=10, deadline_seconds=60)
    with TestClient(create_app(Releases.of(bundle), sqlite_store, settings)) as client:
        headers = {"X-API-Key": new_key("portal")}

        def ask(lists: int) -> Any:
            body = {"requests": [{"participant": {}, "k": 1}] * lists}
            return client.post("/v1/recommendations:batch", json=body, headers=headers)

        assert ask(6).status_code == 200
        refused = ask(6)
        assert refused.status_code == 429
        assert refused.headers["Retry-After"]
        assert ask(3).status_code == 200
        assert ask(1).status_code == 429


def test_a_key_and_a_token_of_one_name_have_a_limit_each(
    bundle: Bundle, sqlite_store: Store, new_key: Callable[..., str], tmp_path: Path
) -> None:
    public = [SIGNING.as_dict(private=False)]
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": public}))
    settings = ServiceSettings(jwks=str(tmp_path / "jwks.json"), max_requests_per_minute=2)
    client = TestClient(create_app(Releases.of(bundle), sqlite_store, settings))
    bearer = {"Authorization": f"Bearer {token(sub='portal')}"}
    key = {"X-API-Key": new_key("portal")}  # named "portal", too
    statuses = [client.get("/v1/model", headers=one).status_code for one in [bearer] * 3 + [key]]
    assert statuses == [200, 200, 429, 200]


def test_a_token_of_a_new_key_has_the_set_read_again(
    bundle: Bundle,
    sqlite_store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": [SIGNING.as_dict(private=False)]}))
    app = create_app(Releases.of(bundle), sqlite_store, ServiceSettings(jwks=str(path)))
    client = TestClient(app)
    new = {"Authorization": f"Bearer {token(OTHERS['ES256'], 'ES256')}"}
    both = [key.as_dict(private=False) for key in (SIGNING, OTHERS["ES256"])]
    path.write_text(json.dumps({"keys": both}))
    monkeypatch.setattr("api.security.tokens.PAUSE_SECONDS", 600)
    assert client.get("/v1/model", headers=new).status_code == 401  # it was read just now
    monkeypatch.setattr("api.security.tokens.PAUSE_SECONDS", 0)
    assert client.get("/v1/model", headers=new).status_code == 200


def test_each_client_has_its_own_limit(
    bundle: Bundle, sqlite_store: Store, new_key: Callable[..., str]
) -> None:
    client = TestClient(
        create_app(Releases.of(bundle), sqlite_store, ServiceSettings(max_requests_per_minute=3))
    )
    first, second = new_key("portal"), new_key("officer")
    answers = [client.get("/v1/model", headers={"X-API-Key": first}) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[-1].headers["Retry-After"]
    assert client.get("/v1/model", headers={"X-API-Key": second}).status_code == 200


@pytest.mark.parametrize("says_its_length", [True, False])
def test_a_large_body_is_refused(
    bundle: Bundle, sqlite_store: Store, says_its_length: bool
) -> None:
    settings = ServiceSettings(max_body_bytes=1_000)
    client = TestClient(
        create_app(Releases.of(bundle), sqlite_store, settings, development=True),
        base_url="http://localhost",
    )
    body = json.dumps({"participant": {"interests": ["x" * 100] * 30}}).encode()
    content = body if says_its_length else (body[n : n + 100] for n in range(0, len(body), 100))
    headers = {"Content-Type": "application/json"}
    answer = client.post("/v1/recommendations", content=content, headers=headers)
    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/healthz", "/v1/model", "/nowhere"])
def test_answers_carry_strict_headers(outside: TestClient, path: str) -> None:
    headers = outside.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "server" not in headers


def test_no_credential_is_logged_or_answered(
    outside: TestClient, new_key: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    secrets = [token(aud="another"), token(), new_key("portal"), "padan_ab_geheimnis"]
    with caplog.at_level(logging.DEBUG):
        answers = [
            send(outside, "get", "/v1/model", **{name: value.format(secret)})
            for secret in secrets
            for name, value in (("Authorization", "Bearer {}"), ("X-API-Key", "{}"))
        ]
    seen = caplog.text + "".join(answer.text for answer in answers)
    assert "refused" in seen
    for secret in secrets:
        assert secret not in seen
        assert secret[-20:] not in seen


def test_a_key_set_is_read_again_and_kept_where_that_fails(tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": [SIGNING.as_dict(private=False)]}))
    tokens = Tokens(str(path), "padan", None)
    assert not tokens.stale
    later = OTHERS["ES256"]
    path.write_text(json.dumps({"keys": [later.as_dict(private=False)]}))
    tokens.refresh()
    assert tokens.principal(token(later, "ES256")).name == "portal"
    path.write_text("nonsense")
    tokens.refresh()
    assert tokens.principal(token(later, "ES256")).name == "portal"


def test_a_key_set_may_be_at_a_url(tmp_path: Path) -> None:
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": [SIGNING.as_dict(private=False)]}))
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        tokens = Tokens(f"{address}/jwks.json", "padan", ISSUER)
        with pytest.raises(KeySetError, match="404"):
            Tokens(f"{address}/nothing.json", "padan", ISSUER)
        server.shutdown()
    assert tokens.principal(token()).scopes == {"portal", "officer"}
    tokens.refresh()  # the server is gone, the keys are kept
    assert tokens.principal(token()).name == "portal"


@pytest.mark.parametrize("content", [None, "nonsense", "[]", "{}", '{"keys": [{"kty": "x"}]}'])
def test_a_key_set_that_cannot_be_read_is_named(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "jwks.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(KeySetError, match="PADAN_JWKS"):
        Tokens(str(path), "padan", None)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("localhost:8000", 200),
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("attacker.example", 400),
        ("127.0.0.1.attacker.example", 400),
        ("localhost@attacker.example", 400),
        ("192.0.2.1:8000", 400),
        ("[", 400),
        ("", 400),
    ],
)
def test_without_credentials_the_service_is_reached_as_this_machine_only(
    bundle: Bundle, sqlite_store: Store, host: str, status: int
) -> None:
    """Else a page in a browser here, whose name was made to point here, could ask anything."""
    app = create_app(Releases.of(bundle), sqlite_store, ServiceSettings(), development=True)
    client = TestClient(app, base_url="http://localhost")
    for path in ("/v1/model", "/openapi.json"):
        assert client.get(path, headers={"Host": host}).status_code == status
