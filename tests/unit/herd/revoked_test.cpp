// What tokens have granted when their key is taken out of the secret.
#include "herd/server.hpp"
#include "tests/unit/herd/web/web_world.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace revoked_test {

using namespace herd;
using namespace herd::web_world;

namespace {

constexpr std::uint16_t phone_port = 1300;
const std::string new_key = "new-0123456789abcdef0123456789abcdef\n";
const std::string old_key = "old-0123456789abcdef0123456789abcdef\n";
const std::string third_key = "3rd-0123456789abcdef0123456789abcdef\n";

config::Config with_all_doors() {
    config::Config config = with_access();
    config.servers[0].phones = reactor::Address::loopback(phone_port);
    return config;
}

std::string token(const std::string& key, const char* pattern = "*") {
    const auto signer = access::Secret::parse(key);
    REQUIRE(signer);
    const auto made = access::mint(
        *signer,
        {.pattern = *access::Pattern::parse(pattern), .rights = {.report = true, .ask = true}});
    REQUIRE(made);
    return *made;
}

struct Revoking : World {
    Revoking() : World(with_all_doors()) { kernel.log_of(0).keeps = true; }

    // As at SIGHUP, with this in the file.
    void read_anew(const std::string& keys) {
        kernel.disk.put("secret", keys);
        kernel.enter(0);
        auto secrets = a().read_secrets();
        REQUIRE(secrets);
        a().renew(std::move(*secrets));
        a().check();
        run(1ms);
    }
    std::string ask(int fd, const std::string& line) {
        say(fd, line + "\n");
        run(10ms);
        return hear(fd);
    }
    int admitted(const std::string& key) {
        const int fd = connect();
        REQUIRE(ask(fd, "AUTH * " + token(key)) == "AUTH A * report,ask 0\n");
        return fd;
    }
    // An answer that does not end, and has begun.
    int stream(const std::string& key, const std::string& target) {
        const int fd = connect(http_port);
        say(fd,
            "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " +
                token(key) + "\r\n\r\n");
        run(1ms);
        REQUIRE(status_of(hear(fd)) == "HTTP/1.1 200 OK");
        return fd;
    }
};

bool has_ended(const std::string& heard) {
    return heard.find("0\r\n\r\n") != std::string::npos;
}

}  // namespace

TEST_CASE("revoked: what a connection was granted ends with the key, another's goes on",
          "[herd][access]") {
    Revoking world;
    const int stays = world.admitted(new_key);
    const int goes = world.admitted(old_key);
    CHECK(world.ask(goes, "IAMAT c +1-1 1").starts_with("AT A "));
    world.read_anew(third_key + new_key);
    CHECK(world.ask(goes, "IAMAT c +1-1 2") == "? IAMAT c +1-1 2\n");
    CHECK(world.ask(goes, "WHATSAT c 1 0") == "? WHATSAT c 1 0\n");
    CHECK(world.ask(goes, "NEARBY +1-1 1 1") == "? NEARBY +1-1 1 1\n");
    CHECK(world.ask(goes, "FOLLOW c") == "? FOLLOW c\n");
    CHECK(world.a().counters().access_expired == 4);
    CHECK(world.a().counters().access_denied == 0);
    CHECK(world.ask(stays, "IAMAT c +1-1 3").starts_with("AT A "));
    world.run(10ms);
    const std::string& log = world.kernel.log_of(0).kept;
    CHECK(log.find("event=grants_ended connections=1 streams=0") != std::string::npos);
    CHECK(log.find("event=access_denied client=c right=report why=revoked") != std::string::npos);
    // Nor does it come back with the key: whoever has the token shows it again.
    world.read_anew(third_key + new_key + old_key);
    CHECK(world.ask(goes, "WHATSAT c 1 0") == "? WHATSAT c 1 0\n");
    CHECK(world.ask(goes, "AUTH c " + token(old_key)) == "AUTH A c report,ask 0\n");
    CHECK(world.ask(goes, "WHATSAT c 1 0").starts_with("AT A "));
}

TEST_CASE("revoked: who follows by lines is told no more, and all of it anew by another token",
          "[herd][access][follow]") {
    Revoking world;
    const int reporter = world.admitted(new_key);
    const int stays = world.admitted(new_key);
    const int goes = world.admitted(old_key);
    for (const int fd : {stays, goes}) {
        CHECK(world.ask(fd, "FOLLOW +1-1 10") == "FOLLOW A 1\n");
    }
    world.ask(reporter, "IAMAT c +1-1 1");
    CHECK(world.hear(stays).starts_with("NOW 1 AT A "));
    CHECK(world.hear(goes).starts_with("NOW 1 AT A "));
    world.read_anew(new_key);
    world.ask(reporter, "IAMAT c +1-1 2");
    world.ask(reporter, "IAMAT c +50-1 3");
    CHECK(world.hear(stays).ends_with("GONE 1 c\n"));
    CHECK(world.hear(goes).empty());
    world.ask(reporter, "IAMAT d +1-1 3");
    world.hear(stays);
    CHECK(world.ask(goes, "AUTH d " + token(new_key)).find("FOLLOW A 1\nNOW 1 AT A ") !=
          std::string::npos);
}

TEST_CASE("revoked: streams of events end at once, those of other keys go on", "[herd][access]") {
    Revoking world;
    for (const char* target : {"/follow?client=c", "/map/events"}) {
        INFO(target);
        world.read_anew(new_key + old_key);
        const int stays = world.stream(new_key, target);
        const int goes = world.stream(old_key, target);
        const int no_token = world.connect(http_port);
        world.say(no_token, "GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
        world.run(1ms);
        world.hear(no_token);
        world.read_anew(new_key);
        CHECK(has_ended(world.hear(goes)));
        world.run(3s);
        CHECK_FALSE(has_ended(world.hear(stays)));
        // Who is on this very machine needs none.
        CHECK_FALSE(has_ended(world.hear(no_token)));
        world.say(goes,
                  "GET " + std::string(target) +
                      " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + token(old_key) +
                      "\r\n\r\n");
        world.run(1ms);
        CHECK(status_of(world.hear(goes)) == "HTTP/1.1 401 Unauthorized");
    }
    CHECK(world.kernel.log_of(0).kept.find("event=grants_ended connections=0 streams=1") !=
          std::string::npos);
}

TEST_CASE("revoked: a body whose head came in time counts no more", "[herd][access]") {
    Revoking world;
    const std::string report = "IAMAT slow +1-1 1";
    const std::string batch = R"([{"_type":"location","lat":1,"lon":-1,"tst":1767225600}])";
    for (const std::string& key : {old_key, new_key}) {
        const bool good = key == new_key;
        INFO(good);
        world.read_anew(new_key + old_key);
        const int web = world.connect(http_port);
        world.say(web,
                  "POST /iamat HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + token(key) +
                      "\r\nContent-Length: " + std::to_string(report.size()) + "\r\n\r\n" +
                      report.substr(0, 5));
        const int phone = world.connect(phone_port);
        world.say(phone,
                  "POST /p/" + token(key) + "/tel HTTP/1.1\r\nHost: a\r\nContent-Length: " +
                      std::to_string(batch.size()) + "\r\n\r\n" + batch.substr(0, 5));
        world.read_anew(new_key);
        world.say(web, report.substr(5));
        world.say(phone, batch.substr(5));
        world.run(10ms);
        CHECK(status_of(world.hear(web)).substr(9, 3) == (good ? "200" : "401"));
        CHECK(status_of(world.hear(phone)).substr(9, 3) == (good ? "200" : "401"));
        CHECK(world.a().table().size() == (good ? 2 : 0));
    }
    world.a().check();
}

}  // namespace revoked_test
