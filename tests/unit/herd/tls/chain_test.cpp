// Certificates between a server's own and the authority.
#include "herd/tls/context.hpp"
#include "tests/unit/herd/keys/key_house.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>

#include <openssl/x509v3.h>

namespace herd::chain_test {

using keys_test::now_s;

// A certificate with its key, as PEM and as they are.
struct Holder {
    Holder(const std::string& name, keys::Purpose purpose, keys::Issuer issuer) {
        auto made = keys::make_certificate({.subject = name,
                                            .purpose = purpose,
                                            .names = {name},
                                            .not_before = now_s() - keys::day_s,
                                            .not_after = now_s() + keys::day_s},
                                           *key,
                                           issuer);
        REQUIRE(made);
        certificate = std::move(*made);
    }

    // As an authority of authorities, which `herd keys` makes none of.
    void widen() {
        X509_EXTENSION_free(X509_delete_ext(
            certificate.get(), X509_get_ext_by_NID(certificate.get(), NID_basic_constraints, -1)));
        X509_EXTENSION* const any =
            X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, "critical,CA:TRUE");
        X509_add_ext(certificate.get(), any, -1);
        X509_EXTENSION_free(any);
        REQUIRE(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);
    }
    keys::Issuer as_issuer() const { return {certificate.get(), key.get()}; }
    std::string text() const { return std::string(keys::text_of(*keys::pem_of(*certificate))); }
    std::string key_text() const { return std::string(keys::text_of(*keys::pem_of(*key))); }

    keys::Key key = keys::make_key();
    keys::Certificate certificate;
};

// How many certificates are shown behind a server's own.
int shown(const std::string& certificate, const std::string& key, const std::string& authority) {
    const live::TemporaryFolder folder;
    const tls::Files files{.authority = live::write_file(folder / "ca.crt", authority),
                           .certificate = live::write_file(folder / "A.crt", certificate),
                           .key = folder / "A.key"};
    live::write_secret(files.key, key);
    const auto context = tls::Context::load(tls::Use::peers, files);
    REQUIRE(context);
    const tls::SslPtr ssl = (*context).accept();
    STACK_OF(X509)* chain = nullptr;
    SSL_get0_chain_certs(ssl.get(), &chain);
    return chain == nullptr ? 0 : sk_X509_num(chain);
}

TEST_CASE("tls: what stands between a certificate and its authority is shown, from either file",
          "[herd][tls]") {
    Holder root("root", keys::Purpose::authority, {});
    root.widen();
    const Holder between("between", keys::Purpose::authority, root.as_issuer());
    const Holder server("A", keys::Purpose::server, between.as_issuer());
    CHECK(shown(server.text(), server.key_text(), root.text() + between.text()) == 1);
    CHECK(shown(server.text() + between.text(), server.key_text(), root.text()) == 1);
    // The other side has the root, or would not believe it.
    CHECK(shown(server.text() + between.text() + root.text(), server.key_text(), root.text()) == 1);
    const Holder direct("A", keys::Purpose::server, root.as_issuer());
    CHECK(shown(direct.text(), direct.key_text(), root.text()) == 0);
    // Of another authority it is shown as it stands in its file.
    const Holder other("other", keys::Purpose::authority, {});
    CHECK(shown(server.text() + between.text(), server.key_text(), other.text()) == 1);
}

}  // namespace herd::chain_test
