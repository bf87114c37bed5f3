"""A certificate authority for trials: Ed25519 would do, but P-256 is what every TLS client speaks."""

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_SIGN_CERTIFICATES = {"key_cert_sign", "crl_sign"}
_SIGN = {"digital_signature"}
_USAGES = (
    "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign "
    "encipher_only decipher_only"
).split()


class Authority:
    """A new authority; its certificates are valid from an hour before ``now_s`` for ``lasts_s`` seconds."""

    def __init__(self, name: str, now_s: int, lasts_s: int) -> None:
        now = datetime.fromtimestamp(now_s, UTC)
        self._window = now - timedelta(hours=1), now + timedelta(seconds=lasts_s)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name)
        builder = self._builder(self._name, self._key.public_key(), _SIGN_CERTIFICATES)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self._certificate = builder.sign(self._key, hashes.SHA256())

    @property
    def pem(self) -> bytes:
        """The authority's certificate."""
        return self._certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The authority's secret key."""
        return _key_pem(self._key)

    def server(self, names: Sequence[str], addresses: Sequence[str]) -> tuple[bytes, bytes]:
        """Return a certificate for a server of these names and addresses, and its secret key."""
        alternatives: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
        alternatives += [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
        return self._issue(names[0], ExtendedKeyUsageOID.SERVER_AUTH, x509.SubjectAlternativeName(alternatives))

    def client(self, name: str) -> tuple[bytes, bytes]:
        """Return a certificate for a client, and its secret key."""
        return self._issue(name, ExtendedKeyUsageOID.CLIENT_AUTH, x509.SubjectAlternativeName([x509.DNSName(name)]))

    def _issue(
        self, name: str, purpose: x509.ObjectIdentifier, names: x509.SubjectAlternativeName
    ) -> tuple[bytes, bytes]:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(_name(name), key.public_key(), _SIGN)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        builder = builder.add_extension(names, critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        return certificate.public_bytes(Encoding.PEM), _key_pem(key)

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, usages: set[str]
    ) -> x509.CertificateBuilder:
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._window[0])
            .not_valid_after(self._window[1])
            .add_extension(x509.KeyUsage(**{usage: usage in usages for usage in _USAGES}), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(authority, critical=False)
        )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
