"""The settings file and the environment: what is taken, and what a refusal says."""

from pathlib import Path
from typing import Any

import pytest

from schemas.kafka import Oauth, Plaintext, Sasl, Tls
from schemas.load import SettingsError, default_settings, load_settings
from tests.unit.schemas.files import load

SASL = {"protocol": "sasl", "mechanism": "PLAIN", "username": "ann", "password": "geheim"}
OAUTH = {"protocol": "oauth", "token_endpoint": "https://x/token", "client_id": "ann", "client_secret": "geheim"}


def refusal(directory: Path, text: str | dict[str, Any], environment: dict[str, str] | None = None) -> str:
    with pytest.raises(SettingsError) as refused:
        load(directory, text, environment)
    return str(refused.value)


def test_without_a_file_the_shipped_settings_hold() -> None:
    settings = load_settings(None, {})
    assert [signal.name for signal in settings.observed.signals][:2] == ["page_view", "pricing_view"]
    assert settings.features
    assert isinstance(settings.kafka.security, Plaintext)


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    assert load(tmp_path, "") == load(tmp_path, "# nothing yet\n") == load_settings(None, {})


def test_a_section_of_the_file_replaces_that_section_alone(tmp_path: Path) -> None:
    settings = load(tmp_path, {"decisions": {"drivers": 3}})
    assert settings.decisions.drivers == 3
    assert settings.observed == load_settings(None, {}).observed


def test_the_environment_beats_the_file(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        {"kafka": {"bootstrap": "from-the-file:9092", "session_timeout_ms": 10_000}},
        {"LEADPULSE__KAFKA__BOOTSTRAP": "from-the-environment:9092", "PATH": "/bin", "LEADPULSE_KAFKA": "no"},
    )
    assert settings.kafka.bootstrap == "from-the-environment:9092"
    assert settings.kafka.session_timeout_ms == 10_000


def test_the_environment_reaches_every_kind_of_value() -> None:
    settings = load_settings(
        None,
        {
            "LEADPULSE__WORKER": "leadpulse-3",
            "LEADPULSE__WEB__PORT": "0",
            "LEADPULSE__LIMITS__EPOCH": "40ms",
            "LEADPULSE__DECISIONS__SPIKE__RISE_LOG_ODDS": "0.7",
            "LEADPULSE__TOPICS__INPUTS": "[web, email]",
            "LEADPULSE__KAFKA__SECURITY__PROTOCOL": "tls",
            "LEADPULSE__KAFKA__SECURITY__CA": "/certificates/ca.pem",
        },
    )
    assert settings.worker == "leadpulse-3"
    assert settings.web.port == 0
    assert settings.limits.epoch == 40
    assert settings.decisions.spike.rise_log_odds == 0.7
    assert settings.topics.inputs == ("web", "email")
    assert settings.kafka.security == Tls(protocol="tls", ca=Path("/certificates/ca.pem"))


@pytest.mark.parametrize("name", ["7", "007", "1e3", "true", "null", "2026-03-01", "off"])
def test_names_from_the_environment_stay_as_written(name: str) -> None:
    settings = load_settings(None, {"LEADPULSE__WORKER": name, "LEADPULSE__APPLICATION": name})
    assert (settings.worker, settings.application) == (name, name)


@pytest.mark.parametrize("password", ["0123", "true", "null", "1e5", "[a]", "{a: b}", "'quoted'", "*a", "a: b", " x"])
def test_a_password_from_the_environment_stays_as_written(tmp_path: Path, password: str) -> None:
    settings = load(tmp_path, {"kafka": {"security": SASL}}, {"LEADPULSE__KAFKA__SECURITY__PASSWORD": password})
    assert isinstance(settings.kafka.security, Sasl)
    assert settings.kafka.security.password.get_secret_value() == password


@pytest.mark.parametrize("secret", ["0123", "true", "[a]", "{a: b}", "a: b"])
def test_a_client_and_its_secret_from_the_environment_stay_as_written(tmp_path: Path, secret: str) -> None:
    given = {f"LEADPULSE__KAFKA__SECURITY__{key}": secret for key in ("CLIENT_ID", "CLIENT_SECRET")}
    security = load(tmp_path, {"kafka": {"security": OAUTH}}, given).kafka.security
    assert isinstance(security, Oauth)
    assert (security.client_id, security.client_secret.get_secret_value()) == (secret, secret)


def test_the_shipped_content_is_not_changed_by_an_override() -> None:
    before = default_settings()
    load_settings(None, {"LEADPULSE__SCORECARD__DOUBLE_ODDS": "30"})
    assert default_settings() == before
    assert load_settings(None, {}).scorecard.double_odds == before["scorecard"]["double_odds"]


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ({"kafak": {}}, "kafak"),
        ({"kafka": {"boostrap": "x:1"}}, "kafka.boostrap"),
        ({"decisions": {"spike": {"windw": "24h"}}}, "decisions.spike.windw"),
        ({"topics": {"formats": {"web": "native"}, "prefixx": "a"}}, "topics.prefixx"),
    ],
)
def test_an_unknown_setting_is_named_from_the_top(tmp_path: Path, content: dict[str, Any], named: str) -> None:
    text = refusal(tmp_path, content)
    assert f"  {named}: no such setting; see `leadpulse config explain`" in text.splitlines()
    assert "leadpulse.yaml" in text


def test_an_unknown_variable_is_refused_like_an_unknown_setting() -> None:
    with pytest.raises(SettingsError, match=r"kafka\.boostrap: no such setting"):
        load_settings(None, {"LEADPULSE__KAFKA__BOOSTRAP": "x:1"})


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = refusal(tmp_path, {"web": {"port": 70_000}, "limits": {"epoch": "soon"}, "tiers": {"lowst": "cold"}})
    for named in ("web.port", "limits.epoch", "tiers.lowst"):
        assert named in text


def test_a_wrong_value_is_shown_beside_its_field(tmp_path: Path) -> None:
    line = refusal(tmp_path, {"web": {"port": "often"}}).splitlines()[1]
    assert line.startswith("  web.port: ")
    assert "'often'" in line


@pytest.mark.parametrize("password", [12345678, ["geheim"], True])
def test_a_password_of_the_wrong_kind_is_not_shown(tmp_path: Path, password: object) -> None:
    text = refusal(tmp_path, {"kafka": {"security": SASL | {"password": password}}})
    assert "password" in text
    assert "12345678" not in text
    assert "geheim" not in text


@pytest.mark.parametrize("secret", [12345678, ["geheim"], True])
def test_a_client_secret_of_the_wrong_kind_is_not_shown(tmp_path: Path, secret: object) -> None:
    text = refusal(tmp_path, {"kafka": {"security": OAUTH | {"client_secret": secret}}})
    assert "client_secret" in text
    assert "12345678" not in text
    assert "geheim" not in text


@pytest.mark.parametrize("given", ["12345678", 12345678])
def test_a_section_of_which_something_is_missing_is_not_shown(tmp_path: Path, given: object) -> None:
    text = refusal(tmp_path, {"kafka": {"security": {"protocol": "sasl", "password": given}}})
    assert "username" in text
    assert "12345678" not in text


def test_a_certificate_without_its_key_is_refused(tmp_path: Path) -> None:
    text = refusal(tmp_path, {"kafka": {"security": {"protocol": "tls", "certificate": "/tls.crt"}}})
    assert "give certificate and key, or neither" in text


def test_a_setting_of_another_protocol_is_refused(tmp_path: Path) -> None:
    text = refusal(tmp_path, {"kafka": {"security": {"protocol": "plaintext", "password": "x"}}})
    assert "password: no such setting" in text


def test_a_file_that_is_not_there_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"absent\.yaml: No such file or directory; name one with --config"):
        load_settings(tmp_path / "absent.yaml", {})


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="Is a directory"):
        load_settings(tmp_path, {})


def test_what_is_not_yaml_is_told_with_its_place(tmp_path: Path) -> None:
    text = refusal(tmp_path, "kafka:\n  bootstrap: [a\nweb: {}\n")
    assert "is not YAML" in text
    assert "line 3" in text
    assert "\n" not in text


def test_bytes_that_are_no_text_are_not_yaml(tmp_path: Path) -> None:
    path = tmp_path / "leadpulse.yaml"
    path.write_bytes(b"kafka: \xff\xfe")
    with pytest.raises(SettingsError, match="is not YAML"):
        load_settings(path, {})


@pytest.mark.parametrize(("text", "kind"), [("- kafka\n", "list"), ("kafka\n", "str"), ("7\n", "int")])
def test_a_file_without_sections_is_refused(tmp_path: Path, text: str, kind: str) -> None:
    assert refusal(tmp_path, text).endswith(f"must hold sections such as `kafka:`, not a {kind}")
