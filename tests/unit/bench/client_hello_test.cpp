#include "bench/client_hello.hpp"

#include "herd/tls/openssl_sealer.hpp"
#include "tests/unit/herd/keys/key_house.hpp"
#include "tests/unit/reactor/sockets.hpp"

#include <string>

namespace client_hello_test {

using reactor::Seal;

TEST_CASE("client hello: a server answers it with all of its side of a handshake",
          "[bench][hello]") {
    keys_test::KeyHouse keys({"A"});
    keys.make();
    herd::tls::OpensslSealer sealer(keys.folder(), "A", 2);
    REQUIRE(sealer.open(Seal::record_max));
    const auto pair = reactor::test::local_pair();
    reactor::test::say(pair.theirs, bench::client_hello());
    const auto seal = sealer.accept_client();
    // One message of the client's is left, and is no work.
    CHECK(seal->shake(pair.ours.fd()) == Seal::Shaken::wants_little);
    CHECK(reactor::test::hear(pair.theirs).size() > 500);
    // Which he cannot make.
    reactor::test::say(pair.theirs, std::string("\x17\x03\x03\x00\x35", 5) + std::string(53, 'x'));
    CHECK(seal->shake(pair.ours.fd()) == Seal::Shaken::refused);
}

TEST_CASE("client hello: of somebody who must show a certificate much is left to be done",
          "[bench][hello]") {
    keys_test::KeyHouse keys({"A"});
    keys.make();
    herd::tls::OpensslSealer sealer(keys.folder(), "A", 2);
    REQUIRE(sealer.open(Seal::record_max));
    const auto pair = reactor::test::local_pair();
    reactor::test::say(pair.theirs, bench::client_hello());
    CHECK(sealer.accept_peer()->shake(pair.ours.fd()) == Seal::Shaken::wants_input);
}

}  // namespace client_hello_test
