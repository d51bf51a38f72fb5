#include "herd/needs.hpp"
#include "herd/tls/openssl_sealer.hpp"
#include "tests/unit/herd/keys/key_house.hpp"
#include "tests/unit/reactor/sockets.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <malloc.h>

namespace herd::tls_memory_test {

using reactor::SealPtr;

constexpr std::size_t plain_max = std::size_t{1} << 16;
constexpr int channels = 200;

// Shakes hands, and says a line each way.
void acquaint(reactor::Seal& dialled, reactor::Seal& accepted) {
    const auto pair = reactor::test::local_pair();
    const auto shaken = [](reactor::Seal& seal, int fd) {
        return seal.shake(fd) == reactor::Seal::Shaken::done;
    };
    bool ours = false;
    bool theirs = false;
    for (int i = 0; i < 10 && !(ours && theirs); ++i) {
        if (!theirs) theirs = shaken(dialled, pair.theirs.fd());
        if (!ours) ours = shaken(accepted, pair.ours.fd());
    }
    REQUIRE(ours);
    REQUIRE(theirs);
    std::vector<char> plain(plain_max + reactor::Seal::record_max);
    for (const auto& [from, to] : {std::pair(&dialled, &accepted), {&accepted, &dialled}}) {
        const std::string sealed(from->seal(std::string(80, 'x')));
        REQUIRE(to->open(sealed, plain).count == 80);
    }
}

// Of the heap, by each of many that a server accepts.
std::int64_t bytes_each(tls::OpensslSealer& dialler, const std::function<SealPtr()>& accept) {
    std::vector<SealPtr> kept;
    kept.reserve(channels + 1);
    const auto add = [&] {
        const SealPtr dialled = dialler.dial_peer("A");
        SealPtr accepted = accept();
        acquaint(*dialled, *accepted);
        kept.push_back(std::move(accepted));
    };
    add();
    const auto before = static_cast<std::int64_t>(mallinfo2().uordblks);
    for (int i = 0; i < channels; ++i) add();
    return (static_cast<std::int64_t>(mallinfo2().uordblks) - before) / channels;
}

std::int64_t told(std::uint32_t connections, std::uint32_t of_peers) {
    config::Config config;
    config.keys = "keys";
    config.limits.tls_connections = connections;
    config.limits.peer_connections = of_peers;
    return static_cast<std::int64_t>(tls_memory(config));
}

#if !defined(__SANITIZE_ADDRESS__)  // which has a heap of its own
TEST_CASE("tls: an idle connection takes the memory that `herd check` tells of", "[herd][tls]") {
    keys_test::KeyHouse keys({"A", "B"});
    keys.make();
    tls::OpensslSealer a(keys.folder(), "A", 1000);
    tls::OpensslSealer b(keys.folder(), "B", 1000);
    REQUIRE(a.open(plain_max));
    REQUIRE(b.open(plain_max));
    const std::int64_t client = bytes_each(b, [&] { return a.accept_client(); });
    const std::int64_t peer = bytes_each(b, [&] { return a.accept_peer(); });
    const std::int64_t told_client = told(1001, 100) - told(1000, 100);
    const std::int64_t told_peer = told_client + told(1000, 101) - told(1000, 100);
    CAPTURE(client, peer);
    CHECK(client <= told_client);
    CHECK(client > told_client * 3 / 4);
    CHECK(peer <= told_peer);
    CHECK(peer > told_peer * 3 / 4);
}
#endif

}  // namespace herd::tls_memory_test
