// Which cipher is agreed on, of those that a client offers.
#include "herd/tls/context.hpp"
#include "tests/unit/herd/keys/key_house.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>

#include <openssl/bio.h>

namespace herd::cipher_test {

struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

struct House {
    House() : keys({"A"}) { keys.make(); }

    // With a client that believes anybody.
    std::string agreed(const char* offered) const {
        const auto context =
            tls::Context::load(tls::Use::clients, tls::files_in(keys.folder(), "A"));
        REQUIRE(context);
        const std::unique_ptr<SSL_CTX, Free> clients(SSL_CTX_new(TLS_client_method()));
        REQUIRE(SSL_CTX_set_ciphersuites(clients.get(), offered) == 1);
        const tls::SslPtr server = (*context).accept();
        const tls::SslPtr client(SSL_new(clients.get()));
        BIO* ours = nullptr;
        BIO* theirs = nullptr;
        REQUIRE(BIO_new_bio_pair(&ours, 0, &theirs, 0) == 1);
        SSL_set_bio(server.get(), ours, ours);
        SSL_set_bio(client.get(), theirs, theirs);
        SSL_set_connect_state(client.get());
        CHECK(SSL_do_handshake(client.get()) != 1);
        CHECK(SSL_do_handshake(server.get()) != 1);
        CHECK(SSL_do_handshake(client.get()) == 1);
        CHECK(SSL_do_handshake(server.get()) == 1);
        return SSL_get_cipher_name(server.get());
    }

    keys_test::KeyHouse keys;
};

TEST_CASE("tls: a server chooses the cipher that costs least, but for who has no AES",
          "[herd][tls]") {
    const House house;
    // As OpenSSL's own clients offer them.
    CHECK(house.agreed("TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:"
                       "TLS_AES_128_GCM_SHA256") == "TLS_AES_128_GCM_SHA256");
    // As phones without AES in their processor do.
    CHECK(house.agreed("TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:"
                       "TLS_AES_256_GCM_SHA384") == "TLS_CHACHA20_POLY1305_SHA256");
    CHECK(house.agreed("TLS_AES_256_GCM_SHA384") == "TLS_AES_256_GCM_SHA384");
}

}  // namespace herd::cipher_test
