"""``/usr/lib/card-terminal/provision`` in a machine of its own mounts: who does what, what lies where afterwards."""

import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

SYSTEMD = Path(__file__).parents[2] / "deploy" / "systemd"
KIOSK = """#!/bin/sh
# Stands in the application's place: tells who ran it and with what, and leaves what it would leave.
echo "$(id -un) $*" >>/var/lib/card-terminal/told
case $1 in
provision)
    [ ! -e /var/lib/card-terminal/refuses ] || exit 77
    echo answered >"${3%/*}/kiosk.toml"
    echo ca >"${3%/*}/ca.pem"
    echo keys >"${3%/*}/centre.json"
    mkdir -p -m 0700 /var/lib/card-terminal/credentials
    for key in terminal.key storage.key; do echo secret >"/var/lib/card-terminal/credentials/$key"; done
    exit "$(cat /var/lib/card-terminal/ends-with)"
    ;;
esac
"""
SYSTEMD_RUN = '#!/bin/sh\nfor word; do last=$word; done\necho "systemd-run $*" >>/var/lib/card-terminal/told\n'
SYSTEMCTL = '#!/bin/sh\necho "$*" >>/etc/systemctl.told\n'
SYSTEMD_CREDS = '#!/bin/sh\nprintf "sealed " >"$4"\ncat "$3" >>"$4"\n'
INSIDE = """
set -eu
for part in etc usr var/lib; do
    name=$(echo "$part" | tr / -)
    mkdir -p "$1/$name.upper" "$1/$name.work"
    mount -t overlay overlay -o "lowerdir=/$part,upperdir=$1/$name.upper,workdir=$1/$name.work" "/$part"
done
mount -t tmpfs none /opt
mount -t tmpfs none /run
mount --bind /bin/true "$(command -v sync)"
cp -r "$1/given/." /
getent passwd card-terminal >/dev/null || {
    echo 'card-terminal:x:990:990::/var/lib/card-terminal:/bin/sh' >>/etc/passwd
    echo 'card-terminal:x:990:' >>/etc/group
    echo 'card-terminal:*:19000::::::' >>/etc/shadow
}
chown -R 990:990 /var/lib/card-terminal
shift
exec "$@"
"""


@dataclass
class Machine:
    """What is given to it lies in ``given``; what it writes in the uppers of its mounts."""

    folder: Path

    def give(self, path: str, text: str, *, mode: int = 0o644) -> None:
        file = self.folder / "given" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        file.chmod(mode)

    def provision(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return self.run("/usr/lib/card-terminal/provision", *words)

    def run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.command(*command), capture_output=True, text=True, check=False, timeout=60, start_new_session=True
        )

    def command(self, *command: str) -> list[str]:
        return ["unshare", "--mount", "sh", "-c", INSIDE, "sh", str(self.folder), *command]

    def __truediv__(self, path: str) -> Path:
        for part in ("etc", "usr", "var/lib"):
            if path.startswith(f"{part}/"):
                return self.folder / f"{part.replace('/', '-')}.upper" / path.removeprefix(f"{part}/")
        raise LookupError(path)

    def told(self) -> list[str]:
        return (self / "var/lib/card-terminal/told").read_text("utf-8").splitlines()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return with_programs(tmp_path)


def with_programs(folder: Path) -> Machine:
    """A machine with root's scripts, and others in the place of what they call."""
    made = Machine(folder)
    for name in ("provision", "take-over", "seal-keys"):
        made.give(f"usr/lib/card-terminal/{name}", (SYSTEMD / name).read_text("utf-8"), mode=0o755)
    made.give("opt/card-terminal/bin/kiosk", KIOSK, mode=0o755)
    made.give("usr/bin/systemd-creds", SYSTEMD_CREDS, mode=0o755)
    made.give("usr/bin/systemctl", SYSTEMCTL, mode=0o755)
    made.give("usr/bin/systemd-run", SYSTEMD_RUN, mode=0o755)
    made.give("etc/kiosk/kiosk.toml", "pattern\n")
    made.give("var/lib/card-terminal/ends-with", "0")
    return made


def test_settings_and_keys_come_to_their_places_and_nothing_open_is_left(machine: Machine) -> None:
    stick = machine.folder / "stick" / "enrolment.json"
    stick.parent.mkdir(mode=0o700)
    stick.write_text("package", encoding="utf-8")
    stick.chmod(0o600)
    told = machine.provision(str(stick), "--language", "en")
    assert told.returncode == 0, told.stderr
    work = "/var/lib/card-terminal/provisioning"
    assert machine.told() == [
        f"card-terminal provision --config {work}/kiosk.toml --package {work}/enrolment.json --language en",
        "card-terminal check --config /etc/kiosk/taken/kiosk.toml",
    ]
    assert (machine / "etc/systemctl.told").read_text() == "stop card-terminal.service\n"
    for name, text in (("kiosk.toml", "answered\n"), ("ca.pem", "ca\n"), ("centre.json", "keys\n")):
        file = machine / f"etc/kiosk/{name}"
        assert (file.read_text(), file.stat().st_mode & 0o777, file.owner()) == (text, 0o644, "root")
    for key in ("terminal.key", "storage.key"):
        assert (machine / f"etc/credstore.encrypted/card-terminal.{key}").read_text() == "sealed secret\n"
    left = {path.name for path in (machine / "var/lib/card-terminal").iterdir()}
    assert left == {"told", "ends-with"}


def test_a_fault_is_told_and_the_keys_are_bound_all_the_same(machine: Machine) -> None:
    machine.give("var/lib/card-terminal/ends-with", "41")
    assert machine.provision().returncode == 41
    assert (machine / "etc/credstore.encrypted/card-terminal.terminal.key").exists()
    shutil.rmtree(machine.folder / "given" / "etc")
    assert machine.provision().returncode == 0
    assert "User=card-terminal" in machine.told()[-1]
    assert machine.told()[-1].endswith("/opt/card-terminal/bin/kiosk readiness --config /etc/kiosk/kiosk.toml")


def test_what_the_centre_refuses_changes_nothing_and_goes_on_later(machine: Machine) -> None:
    machine.give("var/lib/card-terminal/refuses", "")
    assert machine.provision().returncode == 77
    assert (machine / "etc/kiosk/kiosk.toml").read_text() == "pattern\n"
    assert not (machine / "etc/credstore.encrypted").exists()
    (machine.folder / "given/var/lib/card-terminal/refuses").unlink()
    (machine / "var/lib/card-terminal/refuses").unlink()
    assert machine.provision().returncode == 0
    assert (machine / "etc/kiosk/kiosk.toml").read_text() == "answered\n"


def test_ctrl_c_leaves_no_code_behind(machine: Machine) -> None:
    machine.give("opt/card-terminal/bin/kiosk", "#!/bin/sh\necho asks\nexec sleep 60\n", mode=0o755)
    stick = machine.folder / "enrolment.json"
    stick.write_text("package", encoding="utf-8")
    setting_up = subprocess.Popen(
        # A shell's background job ignores Ctrl-C, and hands that down to whoever it starts.
        ["env", "--default-signal=INT", *machine.command("/usr/lib/card-terminal/provision", str(stick))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with setting_up:
        assert setting_up.stdout is not None
        assert setting_up.stdout.readline() == "asks\n"
        work = machine / "var/lib/card-terminal/provisioning"
        assert (work / "enrolment.json").exists()
        os.killpg(setting_up.pid, signal.SIGINT)
        setting_up.communicate(timeout=60)
    assert setting_up.returncode == 130
    assert not (work / "enrolment.json").exists()
    assert (machine / "etc/kiosk/kiosk.toml").read_text() == "pattern\n"


def test_whoever_asks_for_help_sets_nothing_up(machine: Machine) -> None:
    machine.give("opt/card-terminal/bin/kiosk", '#!/bin/sh\necho "$*"\n', mode=0o755)
    asked = machine.provision("--language", "en", "--help")
    assert (asked.returncode, asked.stdout) == (0, "provision --help\n")
    assert not (machine / "etc/credstore.encrypted").exists()


ENROLS = """#!/bin/sh
mkdir -p -m 0700 /var/lib/card-terminal/credentials
for key in terminal.key storage.key; do echo secret >"/var/lib/card-terminal/credentials/$key"; done
ln -s /etc/roots-alone /var/lib/card-terminal/request.json
"""


def test_a_request_that_is_a_link_leads_root_to_no_file_of_its_own(machine: Machine) -> None:
    machine.give("usr/lib/card-terminal/enrol", (SYSTEMD / "enrol").read_text("utf-8"), mode=0o755)
    machine.give("opt/card-terminal/bin/kiosk", ENROLS, mode=0o755)
    machine.give("etc/roots-alone", "of root", mode=0o600)
    command = machine.command("/usr/lib/card-terminal/enrol", "/etc/request.json")
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode != 0
    assert (machine / "etc/request.json").read_text() == ""
    assert not (machine / "var/lib/card-terminal/request.json").is_symlink()
