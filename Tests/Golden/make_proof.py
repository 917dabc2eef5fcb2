# SPDX-License-Identifier: Apache-2.0
"""Makes proof.json and proof.vkey from docs/format.md alone, sharing no code with Cairn.

    python3 make_proof.py [--check]

With --check nothing is written: the files must be what would be written. Needs openssl.
"""
import base64
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

FOLDER = pathlib.Path(__file__).parent
ORIGIN = "cairn.example/0123456789abcdef0123456789abcdef"
KEY_SEED = bytes(range(32, 64))
SHOWN, SIZE = 4, 7


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def canonical(value):
    """The canonical form, of values without floats beyond what both forms agree on."""
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def salt(seed, path):
    return sha(b"audit-salt/v1\n", seed, sha(path.encode()))


def field_digest(seed, path, value):
    return sha(b"audit-field/v1\n", salt(seed, path), canonical(value))


def record_digest(seed, fields):
    parts = [b"audit-record/v1\n"]
    for path in sorted(fields):
        parts.append(len(path).to_bytes(2, "big") + path.encode())
        parts.append(field_digest(seed, path, fields[path]))
    return sha(*parts)


def leaf_bytes(index, event_id, received_at, record):
    return b"audit-leaf/v1\n" + canonical({
        "v": 1, "origin": ORIGIN, "index": index, "id": event_id, "received_at": received_at,
        "schema": "event/1", "class": "std", "record": url(record)})


def root(hashes):
    """RFC 9162, section 2.1.1, by its definition."""
    if len(hashes) == 1:
        return hashes[0]
    half = 1 << (len(hashes) - 1).bit_length() - 1
    return sha(b"\x01", root(hashes[:half]), root(hashes[half:]))


def inclusion_path(index, hashes):
    """RFC 9162, section 2.1.3.1, by its definition."""
    if len(hashes) == 1:
        return []
    half = 1 << (len(hashes) - 1).bit_length() - 1
    if index < half:
        return inclusion_path(index, hashes[:half]) + [root(hashes[half:])]
    return inclusion_path(index - half, hashes[half:]) + [root(hashes[:half])]


def openssl(*arguments):
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True).stdout


def sign(text):
    """The note of a text, and the verifier key (C2SP signed-note)."""
    with tempfile.TemporaryDirectory() as folder:
        key, message = f"{folder}/key.der", f"{folder}/text"
        private = bytes.fromhex("302e020100300506032b657004220420") + KEY_SEED
        pathlib.Path(key).write_bytes(private)
        pathlib.Path(message).write_bytes(text)
        public = openssl("pkey", "-inform", "DER", "-in", key, "-pubout", "-outform", "DER")[-32:]
        signature = openssl(
            "pkeyutl", "-sign", "-inkey", key, "-keyform", "DER", "-rawin", "-in", message)
    key_id = sha(ORIGIN.encode(), b"\n\x01", public)[:4]
    line = f"\u2014 {ORIGIN} {base64.b64encode(key_id + signature).decode()}\n"
    vkey = f"{ORIGIN}+{key_id.hex()}+{base64.b64encode(b'%c' % 1 + public).decode()}"
    return text.decode() + "\n" + line, vkey


def check_vector():
    """The test vector of the last section of the format."""
    seed = bytes(range(32))
    fields = {
        "action": "login", "actor.id": "user-123", "actor.type": "user",
        "details": {"n": 12345678901234567890, "\u00e9": 1.5},
        "occurred_at": "2026-01-23T14:30:00.000Z", "outcome": "success",
        "source.ip": "192.168.1.100", "type": "user.login"}
    leaf = leaf_bytes(
        0, "018f6b1e-7c2a-7000-8000-000000000001", "2026-01-23T14:30:00.123Z",
        record_digest(seed, fields))
    leaf_hash = sha(b"\x00", leaf)
    chain = sha(b"audit-chain/v1\n", ORIGIN.encode(), b"\n")
    found = [
        field_digest(seed, "source.ip", fields["source.ip"]),
        field_digest(seed, "details", fields["details"]),
        record_digest(seed, fields), leaf_hash, chain,
        sha(b"audit-chain/v1\n", chain, leaf_hash)]
    page = (FOLDER / "../../docs/format.md").read_text()
    assert len(leaf) == 262 and leaf[14:].decode() in page, "the leaf is not the page's"
    for value in found:
        assert value.hex() in page, f"docs/format.md does not have {value.hex()}"


def ledger():
    """The leaves of a small ledger, and seed and fields of the record that is shown."""
    leaves = []
    for index in range(SIZE):
        seed = sha(b"seed", bytes([index]))
        fields = {
            "action": "login", "actor.email": f"user-{index}@example.com",
            "actor.id": f"user-{index}", "actor.type": "user", "category": "auth",
            "details": {"attempt": index + 1, "caf\u00e9": "\u20ac\n", "n": 12345678901234567890},
            "occurred_at": f"2026-01-23T14:30:0{index}.000Z", "outcome": "success",
            "severity": "info", "source.ip": f"192.0.2.{index}", "type": "auth.login"}
        leaves.append(leaf_bytes(
            index, f"019bebc4-0000-7000-8000-00000000000{index}",
            f"2026-01-23T14:30:0{index}.250Z", record_digest(seed, fields)))
        if index == SHOWN:
            shown = seed, fields
    return leaves, *shown


def make():
    leaves, seed, fields = ledger()
    hashes = [sha(b"\x00", leaf) for leaf in leaves]
    text = f"{ORIGIN}\n{SIZE}\n{base64.b64encode(root(hashes)).decode()}\n".encode()
    note, vkey = sign(text)
    items = []
    for path in sorted(fields):
        if path == "actor.email":
            items.append({"path": path, "digest": url(field_digest(seed, path, fields[path]))})
        else:
            items.append({
                "path": path, "salt": url(salt(seed, path)),
                "value": canonical(fields[path]).decode()})
    document = {
        "index": SHOWN, "size": SIZE, "checkpoint": note,
        "inclusion_proof": [node.hex() for node in inclusion_path(SHOWN, hashes)],
        "leaf": base64.b64encode(leaves[SHOWN]).decode(), "fields": items}
    return {
        "proof.json": json.dumps(document, ensure_ascii=False, indent=1) + "\n",
        "proof.vkey": vkey + "\n"}


check_vector()
for name, text in make().items():
    if "--check" in sys.argv:
        assert (FOLDER / name).read_text() == text, f"{name} is another"
    else:
        (FOLDER / name).write_text(text)
