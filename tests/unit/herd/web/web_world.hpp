#pragma once

#include "herd/access/secret.hpp"
#include "herd/access/token.hpp"
#include "tests/unit/herd/small_world.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <string>

// Whole servers that speak HTTP, and who asks them.
namespace herd::web_world {

using namespace small_world;

constexpr std::uint16_t http_port = 1200;

inline config::Config with_http() {
    config::Config config = herd_of_two();
    config.servers[0].http = reactor::Address::loopback(http_port);
    config.servers[1].http = reactor::Address::loopback(http_port + 1);
    config.servers[0].http_name = "herd.example";
    return config;
}

inline config::Config with_access() {
    config::Config config = with_http();
    config.access.secret_file = "secret";
    config.servers[0].http = reactor::Address{{0, 0, 0, 0}, false, http_port};
    return config;
}

inline std::string get(const std::string& path,
                       const std::string& more = "",
                       const char* host = "localhost") {
    return "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n" + more +
           "\r\n";
}

// The answer to a request that is its connection's only one.
inline std::string ask(World& world, const std::string& request, std::uint16_t port = http_port) {
    const int fd = world.connect(port);
    world.say(fd, request);
    std::string heard = world.hear(fd);
    world.kernel.enter(visitors);
    world.kernel.close(fd);
    world.run(1ms);
    return heard;
}

inline std::string ask_from_afar(World& world, const std::string& request) {
    const int fd = world.connect_from(7, http_port);
    world.say(fd, request);
    std::string heard = world.hear(fd);
    world.kernel.enter(visitors);
    world.kernel.close(fd);
    world.run(1ms);
    return heard;
}

inline std::string status_of(const std::string& answer) {
    return answer.substr(0, answer.find("\r\n"));
}

inline std::string body_of(const std::string& answer) {
    std::string body = answer.substr(answer.find("\r\n\r\n") + 4);
    if (body.ends_with('$')) body.pop_back();
    return body;
}

inline std::string token_for(const char* pattern, access::Rights rights) {
    const auto key = access::Secret::parse(secret);
    REQUIRE(key);
    const auto token =
        access::mint(*key, {.pattern = *access::Pattern::parse(pattern), .rights = rights});
    REQUIRE(token);
    return *token;
}

}  // namespace herd::web_world
