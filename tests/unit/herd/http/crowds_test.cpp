#include "herd/http/crowds.hpp"

#include "tests/sim/fake_kernel.hpp"
#include "tests/sim/random.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <map>
#include <set>
#include <utility>

namespace crowds_test {

using namespace herd;
using http::Connection;
using http::Crowds;

namespace {

reactor::Handle<Connection> handle(std::uint32_t slot, std::uint32_t generation = 1) {
    return {slot, generation};
}

// Where random bits come from.
struct Host {
    Host() { kernel.enter(0); }

    sim::FakeKernel kernel{1};
};

std::set<std::uint64_t> of(const Crowds& crowds, std::uint32_t tag) {
    std::set<std::uint64_t> found;
    crowds.visit(tag, [&](reactor::Handle<Connection> each) {
        const bool is_new = found.insert(each.bits()).second;
        CHECK(is_new);
    });
    return found;
}

}  // namespace

TEST_CASE("crowds: an address is its network, of IPv6 the first half", "[herd][http]") {
    const Host host;
    Crowds crowds;
    REQUIRE(crowds.map(4));
    const auto tag = [&](const char* text, std::uint16_t port) {
        return crowds.tag_of(*reactor::Address::parse(text, port));
    };
    CHECK(tag("10.0.0.1", 1) == tag("10.0.0.1", 2));
    CHECK(tag("10.0.0.1", 1) != tag("10.0.0.2", 1));
    CHECK(tag("2001:db8::1", 1) == tag("2001:db8::ffff:1", 2));
    CHECK(tag("2001:db8::1", 1) != tag("2001:db8:0:1::1", 1));
}

TEST_CASE("crowds: come and go as they may, each is with its own", "[herd][http]") {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        INFO("seed " << seed);
        const Host host;
        sim::Random random(seed);
        Crowds crowds;
        REQUIRE(crowds.map(16));
        // Some share a place of the table, of which there are sixteen.
        constexpr std::uint32_t tags[] = {3, 19, 35, 4};
        std::map<std::uint32_t, std::pair<std::uint32_t, std::uint32_t>> there;
        for (std::uint32_t i = 1; i < 300; ++i) {
            const auto slot = static_cast<std::uint32_t>(random.below(16));
            if (random.chance(40)) {
                crowds.leave(slot);
                there.erase(slot);
            } else {
                const std::uint32_t tag = tags[random.below(4)];
                // Also where one has gone without a word.
                crowds.enter(handle(slot, i), tag);
                there[slot] = {i, tag};
            }
            for (const std::uint32_t tag : tags) {
                std::set<std::uint64_t> wanted;
                for (const auto& [at, what] : there) {
                    if (what.second == tag) wanted.insert(handle(at, what.first).bits());
                }
                REQUIRE(of(crowds, tag) == wanted);
            }
        }
    }
}

}  // namespace crowds_test
