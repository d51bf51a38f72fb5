// Cases 13 to 16 and 30 of tls_cases.md: records as no well-behaved client makes them.
#include "tests/live/sealed_client.hpp"
#include "tests/live/sealed_server.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <initializer_list>
#include <regex>
#include <string>
#include <vector>

namespace tls_records_test {

using namespace live;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

constexpr char alert = 21;
constexpr char data = 23;
constexpr std::size_t record_max = 16'384;

std::string iamat(const std::string& client) {
    return "IAMAT " + client + " +34.0-118.4 1520023934\n";
}

bool knows(const SealedServer& server, const std::string& client) {
    return Client(server.port()).ask("WHATSAT " + client + " 1 0").starts_with("AT ");
}

// But for when each report came.
std::string without_times(const std::string& answers) {
    static const std::regex skew("AT Goloman [-+.0-9]+ ");
    return std::regex_replace(answers, skew, "AT Goloman ");
}

// What is answered to all of that where it is said plainly.
std::string answer_in_the_clear(const SealedServer& server, const std::string& text) {
    Client client(server.port());
    client.send(text);
    client.end();
    return without_times(client.read_all());
}

// In braces they are made in the order in which they stand.
std::string all_of(std::initializer_list<std::string> records) {
    std::string all;
    for (const std::string& each : records) all += each;
    return all;
}

// How `text` is said, from the last flight of the handshake to the farewell.
using Manner = std::function<void(SealedClient&, const std::string& text)>;

std::string sealed_in_pieces(SealedClient& client, std::string_view text, std::size_t size) {
    std::string sealed;
    for (std::size_t at = 0; at < text.size(); at += size) {
        sealed += client.seal(text.substr(at, size));
    }
    return sealed;
}

struct Case {
    const char* name;
    Manner say;
};

const std::vector<Case> manners = {
    {"a byte in each record, and each record in a segment",
     [](SealedClient& client, const std::string& text) {
         client.shake();
         for (const char byte : text) client.say({&byte, 1});
         client.put(client.farewell());
     }},
    {"lines over several records",
     [](SealedClient& client, const std::string& text) {
         client.shake();
         client.put(sealed_in_pieces(client, text, 17));
         client.put(client.farewell());
     }},
    {"segments that end within records",
     [](SealedClient& client, const std::string& text) {
         client.shake();
         const std::string sealed = all_of({sealed_in_pieces(client, text, 40), client.farewell()});
         for (std::size_t at = 0; at < sealed.size(); at += 7) client.put(sealed.substr(at, 7));
     }},
    {"all and the farewell in one segment",
     [](SealedClient& client, const std::string& text) {
         client.shake();
         client.put(all_of({client.seal(text), client.farewell()}));
     }},
    {"the end of the handshake and all else in one segment",
     [](SealedClient& client, const std::string& text) {
         client.put(all_of({client.shake_but_last(), client.seal(text), client.farewell()}));
     }},
    {"zeros behind what is said, and empty records between",
     [](SealedClient& client, const std::string& text) {
         client.shake();
         client.put(all_of({client.forge(data, ""),
                            client.forge(data, text, 1000),
                            client.forge(data, ""),
                            client.forge(alert, {"\1\0", 2})}));
     }},
};

}  // namespace

TEST_CASE("tls 13: however lines are cut into records and segments, the answers are the same",
          "[live][tls_records]") {
    const SealedServer server;
    Client(server.port()).ask(iamat("kiwi"));
    const std::string lines =
        "IAMAT kiwi +34.0-118.4 1520023934\r\nWHATSAT kiwi 1 0\n\n"
        "nonsense\r\nIAMAT kiwi +34.0-118.4 1520023934\n";
    const std::string expected = answer_in_the_clear(server, lines);
    REQUIRE_THAT(expected, Contains("\n? nonsense"));
    for (const Case& each : manners) {
        INFO(each.name);
        SealedClient client(server.tls_port());
        each.say(client, lines);
        CHECK(without_times(client.read_all()) == expected);
        CHECK(client.ending() == "close notify");
    }
}

TEST_CASE("tls 13: a record as long as may be, and a line end in two records",
          "[live][tls_records]") {
    const SealedServer server;
    Client(server.port()).ask(iamat("kiwi"));
    std::string full;
    while (full.size() + iamat("kiwi").size() <= record_max) full += iamat("kiwi");
    full.insert(0, std::string(record_max - full.size() - 1, 'x') + "\n");
    REQUIRE(full.size() == record_max);
    SealedClient client(server.tls_port());
    REQUIRE(client.shake());
    client.put(all_of({client.seal(full), client.farewell()}));
    CHECK(without_times(client.read_all()) == answer_in_the_clear(server, full));

    SealedClient other(server.tls_port());
    REQUIRE(other.shake());
    other.say("nonsense\r");
    other.say("\nmore of it\r");
    CHECK_THAT(other.read_line(), StartsWith("? nonsense"));
    other.put(all_of({other.seal("\n"), other.farewell()}));
    CHECK_THAT(other.read_all(), StartsWith("? more of it"));
}

TEST_CASE("tls 14: what was changed on the way, or is no record, ends the connection unheard",
          "[live][tls_records]") {
    const SealedServer server;
    const auto ending = [&](const std::function<std::string(SealedClient&)>& wrong) {
        SealedClient client(server.tls_port());
        REQUIRE(client.shake());
        client.put(wrong(client));
        CHECK(client.read_all().empty());
        return client.ending();
    };
    const auto flipped = [](SealedClient& client) {
        std::string sealed = client.seal(iamat("kiwi"));
        sealed[sealed.size() / 2] = static_cast<char>(sealed[sealed.size() / 2] ^ 1);
        return all_of({sealed, client.seal(iamat("kiwi"))});
    };
    CHECK_THAT(ending(flipped), Contains("bad record mac"));
    // Each record counts, and once.
    CHECK_THAT(ending([](SealedClient& client) {
                   client.seal(iamat("lost"));
                   return client.seal(iamat("kiwi"));
               }),
               Contains("bad record mac"));
    const auto too_long = [](SealedClient&) {
        constexpr std::size_t size = record_max + 257;
        return std::string{data, 3, 3, static_cast<char>(size >> 8), static_cast<char>(size)} +
               std::string(size, 'x');
    };
    CHECK_THAT(ending(too_long), Contains("record overflow"));
    CHECK_THAT(ending([](SealedClient& client) { return client.forge(0, "", 100); }),
               Contains("unexpected message"));
    CHECK_THAT(ending([](SealedClient& client) { return client.forge(99, iamat("kiwi")); }),
               Contains("unexpected message"));
    CHECK(server.counter("seals_broken") == 5);
    CHECK_FALSE(knows(server, "kiwi"));
}

TEST_CASE("tls 14: a record that comes again is worth nothing", "[live][tls_records]") {
    const SealedServer server;
    SealedClient client(server.tls_port());
    REQUIRE(client.shake());
    const std::string sealed = client.seal("nonsense\n");
    client.put(sealed);
    CHECK(client.read_line() == "? nonsense\n");
    client.put(sealed);
    CHECK(client.read_all().empty());
    CHECK_THAT(client.ending(), Contains("bad record mac"));
}

TEST_CASE("tls 14: a hundred thousand empty records keep nobody from being answered",
          "[live][tls_records]") {
    const SealedServer server;
    SealedClient polite(server.tls_port());
    REQUIRE(polite.shake());
    SealedClient client(server.tls_port());
    REQUIRE(client.shake());
    for (int i = 0; i < 100; ++i) {
        std::string records;
        for (int k = 0; k < 1000; ++k) records += client.forge(data, "");
        client.put(records);
        if (i % 10 == 0) CHECK_THAT(polite.ask("nonsense"), StartsWith("? nonsense"));
    }
    CHECK(client.read_all().empty());
    CHECK_FALSE(client.ending().empty());
    CHECK(server.counter("seals_broken") == 1);
}

TEST_CASE("tls 15: behind a farewell nothing is heard, and an alert ends a connection",
          "[live][tls_records]") {
    const SealedServer server;
    const auto answers = [&](const std::function<std::string(SealedClient&)>& records) {
        SealedClient client(server.tls_port());
        REQUIRE(client.shake());
        client.put(records(client));
        client.end();
        return client.read_all() + "end: " + client.ending();
    };
    CHECK(answers([](SealedClient& client) {
              return all_of({client.forge(data, "first\n"),
                             client.forge(alert, {"\1\0", 2}),
                             client.forge(data, iamat("late"))});
          }) == "? first\nend: close notify");
    // It says that the client gives up, and a farewell follows.
    CHECK(answers([](SealedClient& client) {
              return all_of({client.forge(data, "first\n"),
                             client.forge(alert, "\1\x5a"),
                             client.forge(alert, {"\1\0", 2})});
          }) == "? first\nend: close notify");
    // Handshake failure, and internal error: nothing is said to who cannot go on.
    for (const std::string reason : {"\2\x28", "\2\x50"}) {
        CHECK_THAT(
            answers([&](SealedClient& client) {
                return all_of({client.forge(alert, reason), client.forge(data, iamat("late"))});
            }),
            StartsWith("end: a "));
    }
    CHECK_FALSE(knows(server, "late"));
}

TEST_CASE("tls 16: new keys as often as anybody needs them, and no oftener",
          "[live][tls_records]") {
    const SealedServer server;
    SealedClient client(server.tls_port());
    REQUIRE(client.shake());
    for (int i = 0; i < 10; ++i) {
        client.put(client.new_keys(i % 2 == 0));
        CHECK_THAT(client.ask("nonsense"), StartsWith("? nonsense"));
    }
    SealedClient polite(server.tls_port());
    REQUIRE(polite.shake());
    SealedClient greedy(server.tls_port());
    REQUIRE(greedy.shake());
    for (int i = 0; i < 1000; ++i) {
        greedy.put(greedy.new_keys(true));
        if (i % 100 == 0) CHECK_THAT(polite.ask("nonsense"), StartsWith("? nonsense"));
    }
    CHECK(greedy.read_all().empty());
    CHECK_FALSE(greedy.ending().empty());
    CHECK(server.counter("seals_broken") == 1);
    CHECK_THAT(client.ask("nonsense"), StartsWith("? nonsense"));
}

TEST_CASE("tls 30: an unfinished last line counts behind a farewell, and not at a bare end",
          "[live][tls_records]") {
    const SealedServer server;
    std::string line = iamat("kiwi");
    line.pop_back();
    SealedClient cut(server.tls_port());
    REQUIRE(cut.shake());
    cut.say("nonsense\n" + line);
    cut.end();
    CHECK_THAT(cut.read_all(), !Contains("AT "));
    CHECK(cut.ending() == "close notify");
    CHECK_FALSE(knows(server, "kiwi"));
    SealedClient whole(server.tls_port());
    REQUIRE(whole.shake());
    whole.put(all_of({whole.seal(line), whole.farewell()}));
    CHECK_THAT(whole.read_all(), StartsWith("AT Goloman "));
    CHECK(knows(server, "kiwi"));
}

}  // namespace tls_records_test
