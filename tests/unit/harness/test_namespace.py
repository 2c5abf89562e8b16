"""A program sees files of the run where it looks for them, and the system's own beside them."""

from pathlib import Path

import pytest

from tests.harness import debian, namespace, process
from tests.harness.errors import HarnessError
from tests.harness.namespace import Bind, Namespace

needs_namespaces = pytest.mark.skipif(namespace.available_way() is None, reason="mount namespaces are forbidden here")


def said(command: list[str]) -> str:
    done = process.run(command, timeout_s=20)
    assert done.returncode == 0, done.stderr
    return done.stdout


@needs_namespaces
def test_hosts_configuration_and_templates_are_seen_in_their_places(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("127.9.9.9 cns-service\n")
    configuration = tmp_path / "configuration"
    configuration.mkdir()
    (configuration / "a.yml").write_text("a: 1\n")
    share = tmp_path / "a:share,with"
    (share / "prometheus").mkdir(parents=True)
    (share / "prometheus/default.tmpl").write_text("template\n")
    view = Namespace(
        tmp_path / "view", share=share, hosts=hosts, binds=[Bind(configuration, "/etc/no-such-thing/here")]
    )

    looked = said(
        view.wrap(
            [
                "sh",
                "-c",
                "cat /etc/hosts /etc/no-such-thing/here/a.yml /usr/share/prometheus/default.tmpl; ls /etc/passwd",
            ]
        )
    )

    assert looked == "127.9.9.9 cns-service\na: 1\ntemplate\n/etc/passwd\n"
    assert not Path("/etc/no-such-thing").exists()


@needs_namespaces
def test_the_program_keeps_the_process_id_that_was_started(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("")
    with process.Supervisor(tmp_path) as supervisor:
        program = supervisor.start("sleeper", Namespace(tmp_path, hosts=hosts).wrap(["sleep", "60"]))
        process.wait_until(
            lambda: Path(f"/proc/{program.pid}/comm").read_text() == "sleep\n", "sleep runs as the started process", 10
        )


def test_nothing_to_see_needs_no_namespace(tmp_path: Path) -> None:
    assert Namespace(tmp_path).wrap(["true"]) == ["true"]


def test_a_place_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    view = Namespace(tmp_path, binds=[Bind(tmp_path, "/no-such-root")])
    if namespace.available_way() is None:
        pytest.skip("PRoot can bind anywhere")

    with pytest.raises(HarnessError, match="/no-such-root does not exist here"):
        view.wrap(["true"])


def test_proot_serves_where_namespaces_are_forbidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(namespace, "available_way", lambda: None)
    monkeypatch.setattr(debian, "proot", lambda: (Path("/x/proot"), Path("/x/lib")))
    (tmp_path / "share/no-such-folder").mkdir(parents=True)
    view = Namespace(tmp_path, share=tmp_path / "share", binds=[Bind(tmp_path, "/etc/prometheus")])

    assert view.wrap(["prometheus"]) == [
        "env",
        "LD_LIBRARY_PATH=/x/lib",
        "/x/proot",
        f"--bind={tmp_path}/share/no-such-folder:/usr/share/no-such-folder",
        f"--bind={tmp_path}:/etc/prometheus",
        "prometheus",
    ]
