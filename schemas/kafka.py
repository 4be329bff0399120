"""Settings of the connection to Kafka: only valid combinations exist."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, model_validator

from schemas.strict import Setting

CaFile = Annotated[Path | None, Field(examples=["/etc/leadpulse/ca.pem"])]


class Plaintext(Setting):
    """No encryption and no authentication: for a laptop."""

    protocol: Literal["plaintext"] = "plaintext"


class Tls(Setting):
    """Encryption, and authentication by a client certificate where one is given."""

    protocol: Literal["tls"]
    ca: CaFile = None
    """Certificates to trust; the system's where absent."""
    certificate: Annotated[Path | None, Field(examples=["/etc/leadpulse/tls.crt"])] = None
    """The client's certificate chain, PEM."""
    key: Annotated[Path | None, Field(examples=["/etc/leadpulse/tls.key"])] = None
    """The client's private key, PEM."""

    @model_validator(mode="after")
    def _both_or_neither(self) -> "Tls":
        if (self.certificate is None) != (self.key is None):
            raise ValueError("give certificate and key, or neither")
        return self


class Sasl(Setting):
    """Authentication by user and password."""

    protocol: Literal["sasl"]
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
    """How the password is proved."""
    username: Annotated[str, Field(examples=["leadpulse"])]
    """The user."""
    password: Annotated[SecretStr, Field(examples=["set LEADPULSE__KAFKA__SECURITY__PASSWORD"])]
    """The password; give it by the environment."""
    tls: bool = True
    """Whether the connection is encrypted. Without it the password can be read on the network."""
    ca: CaFile = None
    """Certificates to trust; the system's where absent."""


class Oauth(Setting):
    """Authentication by a token, had for a client's id and secret (OAUTHBEARER with OpenID Connect)."""

    protocol: Literal["oauth"]
    token_endpoint: Annotated[str, Field(pattern=r"^https?://.+$", examples=["https://login.example.com/token"])]
    """Where tokens are had; they are renewed in time."""
    client_id: Annotated[str, Field(examples=["leadpulse"])]
    """The client's id."""
    client_secret: Annotated[SecretStr, Field(examples=["set LEADPULSE__KAFKA__SECURITY__CLIENT_SECRET"])]
    """The client's secret; give it by the environment."""
    scope: Annotated[str | None, Field(examples=["kafka"])] = None
    """What to ask the endpoint for."""
    tls: bool = True
    """Whether the connection to the brokers is encrypted. Without it the token can be read on the network."""
    ca: CaFile = None
    """Certificates to trust, of brokers and token endpoint; the system's where absent."""


class Kafka(Setting):
    """Where the brokers are and how to reach them."""

    bootstrap: Annotated[str, Field(min_length=1, examples=["broker-1:9092,broker-2:9092"])] = "localhost:9092"
    """Addresses to begin with, host:port, separated by commas."""
    security: Annotated[Plaintext | Tls | Sasl | Oauth, Field(discriminator="protocol")] = Plaintext()
    """How to connect."""
    session_timeout_ms: Annotated[int, Field(ge=1_000, le=300_000, examples=[6000])] = 6_000
    """After how long without a heartbeat the group gives a worker's partitions away."""
    group_protocol: Annotated[Literal["classic", "consumer"], Field(examples=["classic"])] = "classic"
    """How workers share partitions: classic, or consumer (KIP-848), where the brokers and not session_timeout_ms say
    how long a session lasts; it must be 10 s or less there."""
    static_membership: Annotated[bool, Field(examples=[False])] = False
    """Whether a worker that is back within the session finds its partitions waiting, as nobody else's meanwhile."""
