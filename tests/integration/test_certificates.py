#!/usr/bin/python3
"""Who may connect: without a certificate, with an expired one, one of a foreign authority, one with
two names or none, of an unknown trust domain, revoked, with old TLS: nobody gets as far as a
request; of an unknown role: no further than that.
"""

import os
import ssl
import subprocess
import unittest

import support  # noqa: F401 (finds the rest)
import frames
import scene
import world

CLUB = scene.Scene()
CLUB.enrol("anna")
TLS = CLUB.world.tls


def issue_by_hand(name, names, ca=None):
    """A client's certificate with any subjectAltName, by openssl."""
    ca = ca or TLS
    extension = f"{TLS}/{name}.ext"
    with open(extension, "w", encoding="ascii") as file:
        if names:
            file.write(f"subjectAltName={names}\n")
        file.write("extendedKeyUsage=clientAuth\n")
    subprocess.run(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-keyout", f"{TLS}/{name}.key", "-subj", f"/CN={name}",
                    "-out", f"{TLS}/{name}.csr"], check=True, capture_output=True)
    subprocess.run(["openssl", "x509", "-req", "-in", f"{TLS}/{name}.csr", "-CA", f"{ca}/ca.pem",
                    "-CAkey", f"{ca}/ca.key", "-days", "30", "-extfile", extension,
                    "-out", f"{TLS}/{name}.pem"], check=True, capture_output=True)


def answers(name, context=None):
    """Whether a request of this certificate gets any answer."""
    context = context or frames.tls_context(TLS, name)
    try:
        with frames.Client(CLUB.daemons[0].port, context, timeout_s=8) as client:
            client.call("GetClock", frames.clock.GetClockRequest())
            return True
    except TimeoutError:
        raise
    except (OSError, frames.Closed):
        return False


class Certificates(unittest.TestCase):
    def tearDown(self):
        self.assertTrue(answers("till"), "who behaves is served")

    def refused(self, name, context=None):
        self.assertFalse(answers(name, context), f"{name} was answered")

    def test_none(self):
        self.refused("none", frames.tls_context(TLS, None))

    def test_good_ones(self):
        for name in ("till", "backend", "admin"):
            self.assertTrue(answers(name))
        CLUB.world.certificate("lounge", "partner/lounge")
        CLUB.world.certificate("sweeper", "job/sweeper")
        self.assertTrue(answers("lounge"))
        self.assertTrue(answers("sweeper"))

    def test_expired(self):
        CLUB.world.certificate("expired", "pos/store-0007/till-03", "--days", "-1")
        self.refused("expired")

    def test_foreign_authority(self):
        foreign = f"{CLUB.world.folder}/foreign"
        CLUB.world.ctl("cert", "ca", foreign)
        CLUB.world.ctl("cert", "issue", foreign, "till", "--uri",
                       "spiffe://vip.example/pos/store-0007/till-02")
        context = frames.tls_context(TLS, None)
        context.load_cert_chain(f"{foreign}/till.pem", f"{foreign}/till.key")
        self.refused("foreign", context)

    def test_names(self):
        good = "URI:spiffe://vip.example/pos/store-0007/till-02"
        issue_by_hand("one", good)
        self.assertTrue(answers("one"))
        bad = {
            "two": f"{good},URI:spiffe://vip.example/admin/anna",
            "twice": f"{good},{good}",
            "unnamed": "",
            "dns": "DNS:till.vip.example",
            "elsewhere": "URI:spiffe://other.example/pos/store-0007/till-02",
            "roleless": "URI:spiffe://vip.example/",
            "upwards": "URI:spiffe://vip.example/pos/../admin/anna",
            "hollow": "URI:spiffe://vip.example/pos//till-02",
            "web": "URI:https://vip.example/pos/store-0007/till-02",
            "capital": "URI:spiffe://vip.example/POS/store-0007/till-02",
        }
        for name, names in bad.items():
            with self.subTest(name):
                issue_by_hand(name, names)
                self.refused(name)

    def test_unknown_role_may_nothing(self):
        issue_by_hand("stranger", "URI:spiffe://vip.example/king/store-0007")
        with CLUB.client("stranger") as client:
            for path, method in frames.METHODS.items():
                request = method.input_type._concrete_class()
                reply = client.call(path, request)
                self.assertEqual(reply.error.reason, "ROLE_NOT_ALLOWED", path)

    def test_servers_certificate_is_no_clients(self):
        self.refused("server")

    def test_old_tls(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.load_verify_locations(f"{TLS}/ca.pem")
        context.load_cert_chain(f"{TLS}/till.pem", f"{TLS}/till.key")
        context.set_alpn_protocols(["loyalty/1"])
        self.refused("old", context)

    def test_revoked(self):
        """Revoked certificates: at start, and after SIGHUP for connections that are open."""
        CLUB.world.certificate("lost", "pos/store-0007/till-09")
        CLUB.world.certificate("kept", "pos/store-0007/till-08")
        crl = f"{CLUB.world.folder}/crl.pem"
        self.write_list(crl, [])
        daemon = CLUB.start_daemon("revoking", "--tls-crl", crl).wait_ready()
        lost = daemon.client("lost")
        kept = daemon.client("kept")
        request = frames.clock.GetClockRequest()
        lost.ask("GetClock", request)
        kept.ask("GetClock", request)
        self.write_list(crl, ["lost"])
        daemon.signal(world.signal.SIGHUP)
        world.wait_for(lambda: "reloaded" in daemon.output(), "the list to be read again")
        with self.assertRaises(frames.Closed):
            for _ in range(100):
                lost.call("GetClock", request)
        kept.ask("GetClock", request)
        with self.assertRaises((OSError, frames.Closed)):
            daemon.client("lost").ask("GetClock", request)
        self.assertEqual(daemon.stop(), 0)

    @staticmethod
    def write_list(path, revoked):
        folder = f"{CLUB.world.folder}/authority"
        os.makedirs(folder, exist_ok=True)
        for name in ("index.txt", "number"):
            with open(f"{folder}/{name}", "a", encoding="ascii") as file:
                file.write("01\n" if name == "number" and file.tell() == 0 else "")
        config = f"{folder}/ca.cnf"
        with open(config, "w", encoding="ascii") as file:
            file.write(f"[ca]\ndefault_ca=own\n[own]\ndatabase={folder}/index.txt\n"
                       f"crlnumber={folder}/number\ndefault_md=sha256\ndefault_crl_days=30\n"
                       f"certificate={TLS}/ca.pem\nprivate_key={TLS}/ca.key\n")
        for name in revoked:
            subprocess.run(["openssl", "ca", "-config", config, "-revoke", f"{TLS}/{name}.pem"],
                           check=True, capture_output=True)
        subprocess.run(["openssl", "ca", "-config", config, "-gencrl", "-out", path], check=True,
                       capture_output=True)


if __name__ == "__main__":
    scene.run_tests(CLUB)
