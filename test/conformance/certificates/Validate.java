import java.io.FileInputStream;
import java.security.cert.CertPath;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * `java Validate ROOT PATH`: PKIX validation (RFC 5280 §6) of the certificates in PATH, the leaf first, up to ROOT,
 * both PEM. Whether each is revoked is asked over HTTP where the certificate itself says, first by OCSP and then by its
 * CRL, each without a fallback to the other. Prints a line for each: `VALID`, or the reason of the rejection.
 */
class Validate {
  public static void main(String[] arguments) throws Exception {
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    X509Certificate root;
    try (FileInputStream file = new FileInputStream(arguments[0])) {
      root = (X509Certificate) factory.generateCertificate(file);
    }
    List<Certificate> certificates = new ArrayList<>();
    try (FileInputStream file = new FileInputStream(arguments[1])) {
      for (Certificate certificate : factory.generateCertificates(file)) {
        if (!certificate.equals(root)) certificates.add(certificate);
      }
    }
    CertPath path = factory.generateCertPath(certificates);
    for (boolean preferCrls : new boolean[] {false, true}) {
      System.out.println((preferCrls ? "CRL: " : "OCSP: ") + verdict(path, root, preferCrls));
    }
  }

  private static String verdict(CertPath path, X509Certificate root, boolean preferCrls) throws Exception {
    CertPathValidator validator = CertPathValidator.getInstance("PKIX");
    PKIXRevocationChecker checker = (PKIXRevocationChecker) validator.getRevocationChecker();
    EnumSet<PKIXRevocationChecker.Option> options = EnumSet.of(PKIXRevocationChecker.Option.NO_FALLBACK);
    if (preferCrls) options.add(PKIXRevocationChecker.Option.PREFER_CRLS);
    checker.setOptions(options);
    PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(root, null)));
    parameters.addCertPathChecker(checker);
    try {
      validator.validate(path, parameters);
      return "VALID";
    } catch (CertPathValidatorException rejection) {
      return rejection.getReason() + " " + rejection.getMessage();
    }
  }
}
