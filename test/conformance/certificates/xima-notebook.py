# The client side of the source document's notebook, cell by cell. Only cell 3's mock of the backend is replaced by the
# backend; how the answer is read (cell 4) is as printed. Usage: xima-notebook.py <URL of the endpoint> <service key>
import json
import sys
import urllib.request

from cryptography import x509
from cryptography.hazmat.backends import default_backend
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

# Cell 3, step 1: Generate RSA Private Key
private_key = rsa.generate_private_key(
    public_exponent=65537,
    key_size=2048,
    backend=default_backend()
)

# Cell 3, step 2: Create CSR with your chosen subject
subject = x509.Name([
    x509.NameAttribute(NameOID.COMMON_NAME, "My Awesome Reseller"),  # 🔧 Adjust as needed
])
csr_builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
csr = csr_builder.sign(private_key, hashes.SHA256())
csr_pem = csr.public_bytes(serialization.Encoding.PEM)

# Cell 3, step 3: the backend signing process
endpoint, service_key = sys.argv[1:]
request = urllib.request.Request(
    endpoint,
    data=json.dumps({"csr": csr_pem.decode()}).encode("utf-8"),
    headers={"Content-Type": "application/json", "X-Service-Key": service_key},
)
with urllib.request.urlopen(request) as response:
    mock_csr_response = json.load(response)

# Cell 4: Certificate Validation Section
raw_cert_string = mock_csr_response["certificate"]
pem_cert = raw_cert_string.encode('utf-8').decode('unicode_escape').encode('utf-8')
cert = x509.load_pem_x509_certificate(pem_cert, default_backend())


def moment(name):
    # The notebook's `_utc` properties came with version 42 of the library.
    return str(getattr(cert, name + "_utc", None) or getattr(cert, name))


# Section 4.5: what the holder of the certificate signs
message = b"header.payload"
signature = private_key.sign(message, padding.PKCS1v15(), hashes.SHA256())
cert.public_key().verify(signature, message, padding.PKCS1v15(), hashes.SHA256())

print(json.dumps({
    "kid": mock_csr_response["kid"],
    "members": list(mock_csr_response),
    "subject": cert.subject.rfc4514_string(),
    "issuer": cert.issuer.rfc4514_string(),
    "notBefore": moment("not_valid_before"),
    "notAfter": moment("not_valid_after"),
}))
