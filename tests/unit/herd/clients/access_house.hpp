#pragma once

#include "herd/access/token.hpp"
#include "tests/unit/herd/small_world.hpp"

#include <string>
#include <utility>

// Servers of which clients need a token.
namespace herd::access_house {

using namespace small_world;
using access::Grant;
using access::Pattern;
using access::Rights;

inline constexpr Rights all{.report = true, .ask = true};

inline config::Config guarded(std::uint32_t connections = 4) {
    config::Config config = herd_of_two();
    config.access.secret_file = "secret";
    config.limits.connections = connections;
    return config;
}

inline std::string token(const std::string& pattern,
                         Rights rights = all,
                         std::int64_t until_s = Grant::never,
                         const std::string& keys = secret) {
    auto signer = access::Secret::parse(keys);
    REQUIRE(signer);
    auto minted = access::mint(*signer, {*Pattern::parse(pattern), rights, until_s});
    REQUIRE(minted);
    return *minted;
}

inline std::string auth(const std::string& pattern, const std::string& token) {
    return "AUTH " + pattern + " " + token + "\n";
}

struct Guarded : World {
    explicit Guarded(config::Config wanted = guarded(), std::size_t count = 1)
        : World(std::move(wanted), count) {
        kernel.log_of(0).keeps = true;
    }
    std::string ask(int fd, const std::string& line) {
        say(fd, line);
        run(10ms);
        return hear(fd);
    }
    std::string admit(int fd, const std::string& pattern, Rights rights = all) {
        return ask(fd, auth(pattern, token(pattern, rights)));
    }
    bool reports(int fd, const std::string& client) {
        const std::string line = "IAMAT " + client + " +1-1 " + std::to_string(++stamp) + "\n";
        const std::string answer = ask(fd, line);
        const bool taken = answer.starts_with("AT A ");
        if (!taken) CHECK(answer == "? " + line);
        return taken;
    }
    bool learns(int fd, const std::string& client) {
        const std::string line = "WHATSAT " + client + " 1 0\n";
        const std::string answer = ask(fd, line);
        const bool told = answer.starts_with("AT ");
        if (!told) CHECK(answer == "? " + line);
        return told;
    }
    std::int64_t now_s() {
        kernel.enter(0);
        return kernel.wall_ns() / 1'000'000'000;
    }
    // What the first server has logged.
    const std::string& log() {
        run(10ms);
        return kernel.log_of(0).kept;
    }
    const watch::Counters& counters() { return a().counters(); }

    int stamp = 0;
};

}  // namespace herd::access_house
