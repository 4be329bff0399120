"""A local broker with ACLs, a listener that wants a password, and one whose certificate has expired."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

from .local_kafka import LocalKafka
from .single_node import free_ports

USER: Final = "leadpulse"
PASSWORD: Final = "right"
_HOST: Final = "127.0.0.1"
_LOGIN: Final = "org.apache.kafka.common.security.plain.PlainLoginModule"
_PLAINTEXT_USER: Final = "User:ANONYMOUS"


class SecuredKafka(LocalKafka):
    """`bootstrap` is the super-user's. certificates: a directory that is made for `expired.pem`."""

    def __init__(self, certificates: Path) -> None:
        super().__init__()
        self.certificates = certificates
        self.by_password, self.by_expired_tls = (f"{_HOST}:{port}" for port in free_ports(2, _HOST))
        make_certificate(certificates / "expired.pem", "20200101000000Z", "20210101000000Z")

    def _properties(self) -> dict[str, str]:
        plain = super()._properties()
        more = {"PASSWORD": self.by_password, "EXPIRED": self.by_expired_tls}
        addresses = ",".join(f"{name}://{address}" for name, address in more.items())
        login = f'{_LOGIN} required username="{USER}" password="{PASSWORD}" user_{USER}="{PASSWORD}";'
        return plain | {
            "listeners": f"{plain['listeners']},{addresses}",
            "advertised.listeners": f"{plain['advertised.listeners']},{addresses}",
            "listener.security.protocol.map": f"{plain['listener.security.protocol.map']},PASSWORD:SASL_PLAINTEXT,"
            "EXPIRED:SSL",
            "inter.broker.listener.name": "PLAINTEXT",
            "sasl.enabled.mechanisms": "PLAIN",
            "listener.name.password.plain.sasl.jaas.config": login,
            "listener.name.expired.ssl.keystore.type": "PEM",
            "listener.name.expired.ssl.keystore.location": str(self.certificates / "expired.pem"),
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": _PLAINTEXT_USER,
        }


def make_certificate(path: Path, since: str, until: str) -> None:
    """A key and its self-signed certificate for this machine, valid between two instants, in one PEM file.

    By `openssl ca`, which is the one command of all versions that takes both instants.
    """
    folder = path.with_suffix(".d")
    folder.mkdir(parents=True)
    (folder / "index").touch()
    (folder / "serial").write_text("01\n", encoding="ascii")
    (folder / "openssl.cnf").write_text(_CA.format(folder=folder), encoding="ascii")
    config = ["-config", str(folder / "openssl.cnf")]
    key, request, certificate = (str(folder / name) for name in ("key", "request", "certificate"))
    _run(
        "req",
        *config,
        "-new",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        f"/CN={_HOST}",
        "-keyout",
        key,
        "-out",
        request,
    )
    _run(
        "ca", *config, "-batch", "-selfsign", "-notext", "-keyfile", key, "-in", request, "-out", certificate,
        "-startdate", since, "-enddate", until,
    )  # fmt: skip
    path.write_text(Path(key).read_text(encoding="ascii") + Path(certificate).read_text(encoding="ascii"), "ascii")
    path.with_suffix(".crt").write_text(Path(certificate).read_text(encoding="ascii"), encoding="ascii")


def _run(*command: str) -> None:
    done = subprocess.run(["openssl", *command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {command[0]} failed: {done.stderr.strip()}")


_CA: Final = """\
[req]
distinguished_name = name
[name]
[ca]
default_ca = own
[own]
database = {folder}/index
serial = {folder}/serial
new_certs_dir = {folder}
default_md = sha256
policy = any
x509_extensions = server
[any]
commonName = supplied
[server]
subjectAltName = IP:127.0.0.1
basicConstraints = critical, CA:true
"""
