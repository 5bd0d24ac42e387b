"""The small files of a home, keys among them: sealed with a passphrase, or plain in a file of mode 0600.

The certificate authority's key lies in the database, encrypted under the secret key. With the secret
key it can be opened, so the secret key travels here and nowhere else.
"""

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

SECRET_KEY = "secret-key"  # noqa: S105  a file name
NAMES = (SECRET_KEY, "admin-token", "demo-applied", "scrape.yaml")
FOLDERS = ("rules", "demo-tls")
SEAL = "scrypt, AES-256-GCM"
_COST = 1 << 15
_FILE_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Locked:
    """The files cannot be had; `message` says why."""

    message: str


def gather(home: Path, *, secret_key_given: bool) -> dict[str, bytes]:
    """By path below `home`. A secret key that the environment gives is none of the home's."""
    names = [name for name in NAMES if not (secret_key_given and name == SECRET_KEY)]
    found = [home / name for name in names]
    found += [path for folder in FOLDERS for path in sorted((home / folder).rglob("*"))]
    return {
        str(path.relative_to(home)): path.read_bytes()
        for path in found
        if path.is_file() and path.stat().st_size <= _FILE_BYTES
    }


def spread(home: Path, files: Mapping[str, bytes]) -> None:
    """Write them, each for its owner alone. Names come out of `opened`, which has judged them."""
    for name, content in files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)


def closed(files: Mapping[str, bytes], passphrase: str) -> bytes:
    """One JSON document; sealed unless the passphrase is empty."""
    plain = json.dumps({name: _text(content) for name, content in files.items()}).encode()
    if not passphrase:
        return json.dumps({"seal": "", "files": json.loads(plain)}).encode()
    salt, nonce = os.urandom(16), os.urandom(12)
    sealed = AESGCM(_key(passphrase, salt)).encrypt(nonce, plain, None)
    told = {"seal": SEAL, "salt": _text(salt), "nonce": _text(nonce), "sealed": _text(sealed)}
    return json.dumps(told).encode()


def opened(document: bytes, passphrase: str) -> dict[str, bytes] | Locked:
    """The files again."""
    told = json.loads(document)
    if told["seal"] == "":
        return _judged(told["files"])
    if told["seal"] != SEAL:
        return Locked(f"its keys are sealed as this version does not know ({told['seal']})")
    if not passphrase:
        return Locked("its keys are sealed: give --passphrase-file")
    key = _key(passphrase, base64.b64decode(told["salt"]))
    try:
        plain = AESGCM(key).decrypt(
            base64.b64decode(told["nonce"]), base64.b64decode(told["sealed"]), None
        )
    except InvalidTag:
        return Locked("the passphrase is not the one its keys are sealed with")
    return _judged(json.loads(plain))


def fingerprint(secret_key: str) -> str:
    """Tells one secret key from another, and nothing of either."""
    return hashlib.sha256(b"meshweb backup " + secret_key.encode()).hexdigest()[:16]


def _judged(files: Mapping[str, str]) -> dict[str, bytes] | Locked:
    for name in files:
        parts = Path(name).parts
        inside = len(parts) > 1 and parts[0] in FOLDERS and ".." not in parts
        if name not in NAMES and not inside:
            return Locked(f"it has a file of no home: {name}")
    return {name: base64.b64decode(text) for name, text in files.items()}


def _key(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=_COST, r=8, p=1).derive(passphrase.encode())


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
