"""The same terminal as a Debian package: apt installs, renews, removes and purges it."""

import subprocess
from typing import Final

from tests.e2e.installation import shell
from tests.e2e.installation.__main__ import expect
from tests.e2e.installation.machine import ROOT
from tests.e2e.installation.site import STATE
from tests.e2e.installation.trial import NOT_WORKING, Steps, Trial

SETTINGS: Final = "/etc/kiosk/kiosk.toml"
OTHER_WAY: Final = 66
"""Exit code of deploy/install.sh for a machine that it may not touch."""


class PackagedTrial(Trial):
    """Somebody who knows nothing but apt, which takes Debian's packages from a folder of the machine's own."""

    def steps(self) -> Steps:
        """Everything, in order."""
        yield "a bare Debian boots", self.boots
        yield "without Debian's own packages apt refuses, and names them", self.lacks_debian
        yield "apt installs the package, and what it needs", self.installs
        yield "the trial's display, reader and pad", self.gets_devices
        yield "keys are made and bound to the machine", self.enrols
        yield "the machine restarts and everything is active by itself", self.restarts
        yield "one citizen is served", self.serves
        yield "the doctor tells root how it is", lambda: shell.doctor_tells(self.machine)
        yield (
            "a page of the manual is shown, and a command completed",
            lambda: shell.manual_and_completion(self.machine),
        )
        yield "a bundle on top of it is refused in words", self.refuses_a_bundle
        yield "a newer package takes over and serves; what was filled in stays", self.upgrades
        yield "back by the installer, forward again by apt", self.rolls_back
        yield "a package that does not start gives way to the one before", self.gives_way
        yield "apt brings the package before back in order", self.goes_back
        yield "apt neither removes nor purges it while entries wait", self.keeps_its_queue
        yield "removed; configuration, keys and ledger stay", self.removes
        yield "a bundle's installer takes over what was left, and serves", self.comes_as_a_bundle
        yield "purging the package leaves the bundle's terminal alone", self.purges_nothing_of_others
        yield "the package takes over from the bundle and serves", self.takes_over
        yield "purged; keys and ledger stay", self.purges

    def apt(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return self.machine.run("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y", *words)

    def stands(self) -> str:
        """dpkg's word of the package: wanted and found, and its version."""
        told = self.machine.run("dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Version}", "card-terminal")
        return told.stdout.strip()

    def brings(self, name: str, *options: str) -> str:
        """One of the packages, by apt; how it then stands."""
        told = self.apt("install", *options, f"/root/{name}.deb")
        expect(told.returncode == 0, told.stdout + told.stderr)
        stands = self.stands()
        wanted = self.machine.run("dpkg-deb", "-f", f"/root/{name}.deb", "Version").stdout.strip()
        expect(stands == f"ii  {wanted}", f"{stands}, not {wanted}")
        return stands

    def lacks_debian(self) -> str:
        sources = self.machine.path("/etc/apt/sources.list").read_text("utf-8")
        self.machine.put("/etc/apt/sources.list", "")
        told = self.apt("install", "/root/first.deb")
        self.machine.put("/etc/apt/sources.list", sources)
        expect(told.returncode == 100, f"ended with {told.returncode}: {told.stdout}{told.stderr}")
        expect("Depends: pcscd" in told.stdout, told.stdout + told.stderr)
        expect(self.stands() == "", self.stands())
        expect(not self.machine.path("/opt/card-terminal").exists(), "something was installed")
        lacking = [line.split("Depends:")[1].split()[0] for line in told.stdout.splitlines() if "Depends:" in line]
        return f"{len(lacking)} are named, {lacking[0]} the first; nothing was installed"

    def installs(self) -> str:
        told = self.apt("update")
        expect(told.returncode == 0, told.stderr)
        stands = self.brings("first")
        expect(self.machine.run("dpkg", "--audit").stdout == "", "packages are half installed")
        listed = (ROOT / "deploy" / "systemd" / "debian-packages.txt").read_text("utf-8").splitlines()
        needed = {line for line in listed if line and not line.startswith("#")}
        there = set(self.machine.run("dpkg-query", "-W", "-f", "${Package}\n").stdout.split())
        expect(needed <= there, f"apt has not brought {', '.join(sorted(needed - there))}")
        return f"{stands}; {len(there)} packages are there"

    def refuses_a_bundle(self) -> str:
        before = self.current()
        told = self.installer("--offline", "/root/bundle.tar")
        expect(told.returncode == OTHER_WAY, f"ended with {told.returncode}: {told.stdout}{told.stderr}")
        expect("apt install" in told.stderr, told.stderr)
        expect(self.current() == before, "another version")
        self.all_active()
        return told.stderr.strip()

    def upgrades(self) -> str:
        before = self.current()
        settings = self.machine.path(SETTINGS).read_bytes()
        stands = self.brings("newer")
        expect(self.current() != before, "the version before")
        expect(self.machine.path(SETTINGS).read_bytes() == settings, "the configuration was overwritten")
        self.all_active()
        return f"{stands}; {self.serves()}"

    def rolls_back(self) -> str:
        newer = self.current()
        told = self.machine.run("/usr/sbin/card-terminal-install", "--rollback")
        expect(told.returncode == 0, told.stdout + told.stderr)
        expect(self.current() != newer, "the same version")
        self.all_active()
        older = self.current()
        self.brings("newer", "--reinstall")
        expect(self.current() == newer, "the older version stays")
        self.all_active()
        return f"{newer} to {older} and again to {newer}"

    def gives_way(self) -> str:
        before = self.current()
        told = self.apt("install", "/root/broken.deb")
        said = told.stdout + told.stderr
        expect(told.returncode == 100, f"ended with {told.returncode}: {said}")
        expect(f"returned error exit status {NOT_WORKING}" in said, said)
        expect(self.stands().startswith("iF"), self.stands())
        expect(self.current() == before, f"{self.current()} stays in place")
        self.all_active()
        return next(line for line in said.splitlines() if "serves again" in line)

    def goes_back(self) -> str:
        settings = self.machine.path(SETTINGS).read_bytes()
        stands = self.brings("newer", "--allow-downgrades")
        expect(self.machine.run("dpkg", "--audit").stdout == "", "packages are half installed")
        expect(self.machine.path(SETTINGS).read_bytes() == settings, "the configuration was overwritten")
        self.all_active()
        return f"{stands}; {self.serves()}"

    def keeps_its_queue(self) -> str:
        self.centre.stop()
        with self.screen() as screen:
            self.queries(screen)
        said = ""
        for wanted in ("remove", "purge"):
            # A removal gives a running uplink two minutes.
            self.machine.run("systemctl", "stop", "card-terminal-uplink.service")
            told = self.apt(wanted, "card-terminal")
            expect(told.returncode == 100, f"{wanted} ended with {told.returncode}: {told.stdout}{told.stderr}")
            told_by_both = (told.stdout + told.stderr).splitlines()
            said = next((line for line in told_by_both if "wait for the centre" in line), "")
            expect(said, told.stdout + told.stderr)
            expect(self.stands().startswith(("ii ", "ri ", "pi ")), self.stands())
            self.all_active()
        for kept in (SETTINGS, *self.only_here()):
            expect(self.machine.path(kept).exists(), f"{kept} is gone")
        self.centre.start()
        return said

    def removes(self) -> str:
        self.is_gone_after("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y", "remove", "card-terminal")
        stands = self.stands()
        expect(stands.startswith("rc "), stands)
        return stands

    def comes_as_a_bundle(self) -> str:
        return self.comes_back()

    def purges_nothing_of_others(self) -> str:
        told = self.apt("purge", "card-terminal")
        expect(told.returncode == 0, told.stdout + told.stderr)
        expect(self.machine.path(SETTINGS).exists(), f"{SETTINGS} is gone")
        self.all_active()
        return f"dpkg knows {self.stands() or 'nothing of it'}; the terminal serves on"

    def takes_over(self) -> str:
        settings = self.machine.path(SETTINGS).read_bytes()
        stands = self.brings("first")
        expect(self.machine.path(SETTINGS).read_bytes() == settings, "the configuration was overwritten")
        self.all_active()
        return f"{stands}; {self.serves()}"

    def purges(self) -> str:
        told = self.apt("purge", "card-terminal")
        expect(told.returncode == 0, told.stdout + told.stderr)
        for gone in ("/opt/card-terminal", "/usr/lib/card-terminal", "/usr/share/card-terminal", "/etc/kiosk"):
            expect(not self.machine.path(gone).exists(), f"{gone} is left")
        for kept in self.only_here():
            expect(self.machine.path(kept).exists(), f"{kept} is gone")
        waiting = self.machine.run("sh", "-c", f"find {STATE} -type f | wc -l").stdout.strip()
        return f"dpkg knows {self.stands() or 'nothing of it'}; {waiting} files in {STATE}"
