"""The notebook of Xima CCaaS as a script: the mock of certificate issuance is replaced by a call, the rest is unchanged."""

import base64
import hashlib
import json
import os
import sys
import time
import uuid

import requests
from cryptography import x509
from cryptography.hazmat.backends import default_backend
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from cryptography.hazmat.primitives import serialization

CHANCERY_URL = os.environ["CHANCERY_URL"]
SERVICE_KEY = os.environ["SERVICE_KEY"]

# Step 1: Generate RSA Private Key
private_key = rsa.generate_private_key(public_exponent=65537, key_size=2048, backend=default_backend())

# Step 2: Create CSR with your chosen subject
subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "My Awesome Reseller")])
csr_builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
csr = csr_builder.sign(private_key, hashes.SHA256())
csr_pem = csr.public_bytes(serialization.Encoding.PEM)

# Step 3: Where the notebook simulates the backend, Chancery signs
csr_response = requests.post(
    f"{CHANCERY_URL}/v1/certificates",
    headers={"X-Service-Key": SERVICE_KEY},
    json={"csr": csr_pem.decode()},
    timeout=15,
)
csr_response.raise_for_status()
mock_csr_response = csr_response.json()

# Certificate validation, as in the notebook
raw_cert_string = mock_csr_response["certificate"]
pem_cert = raw_cert_string.encode("utf-8").decode("unicode_escape").encode("utf-8")
cert = x509.load_pem_x509_certificate(pem_cert, default_backend())
print("KID:", mock_csr_response["kid"], "Subject:", cert.subject.rfc4514_string())

# 4.1 Construct JWT Header
kid = mock_csr_response["kid"]
jwt_header = {"alg": "RS256", "typ": "JWT", "kid": kid}

# 4.2 Construct License Payload (Request Body)
jti = str(uuid.uuid4())
current_time = int(time.time())
expiration_time = current_time + (30 * 60)  # 30 minutes in seconds
license_payload = {
    "ccId": {"resellerId": "EXAMPLERESELLERID", "divisionId": "EXAMPLEDIVISIONID"},
    "digitalOnlySeats": 15,
    "essentialSeats": 15,
    "professionalSeats": 15,
    "eliteSeats": 15,
    "workforceOptimizationSeats": 15,
    "workforceManagementSeats": 15,
    "speechAnalyticsSeats": 6,
    "dialerSeats": 6,
    "additionalAiMessages": 6000,
    "aiMessaging": {"standardBundles": 5, "advancedBundles": 0},
    "aiAudioServices": {"seatLicenses": 10, "additionalHours": 20},
    "ehrEmrIntegrationSeats": 10,
}

# 4.3 Hash Payload and Build JWT Payload
payload_string = json.dumps(license_payload, sort_keys=False, separators=(",", ":")).encode("utf-8")
payload_hash = hashlib.sha256(payload_string).hexdigest()
jwt_payload = {"payload_hash": payload_hash, "jti": jti, "exp": expiration_time}


# 4.4 Encode Header and Payload (Base64URL)
def base64url_encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("utf-8")


header_encoded = base64url_encode(json.dumps(jwt_header).encode("utf-8"))
payload_encoded = base64url_encode(json.dumps(jwt_payload).encode("utf-8"))

# 4.5 Sign the JWT
message = f"{header_encoded}.{payload_encoded}".encode("utf-8")
signature = private_key.sign(message, padding.PKCS1v15(), hashes.SHA256())
signature_encoded = base64url_encode(signature)
jwt = f"{header_encoded}.{payload_encoded}.{signature_encoded}"

# 5. License Update Request
headers = {"Authorization": f"Bearer {jwt}", "Content-Type": "application/json"}
SANDBOX_API_URL = f"{CHANCERY_URL}/v1/api/licensing/update"


def send() -> int:
    response = requests.post(SANDBOX_API_URL, headers=headers, data=payload_string, timeout=15)
    print("Status Code:", response.status_code)
    print("Response Body:", response.text)
    if response.status_code != 200:
        for code in ["INVALID_JTI", "DUPLICATE_JTI", "EXPIRED_TOKEN"]:
            if code in response.text:
                print("Error likely related to", code)
    return response.status_code


# The same request a second time is a replay.
sys.exit(0 if [send(), send()] == [200, 409] else 1)
