// What is easily got wrong, and what one line says to mend it.
#include "herd/config/file.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace herd::config {
namespace {

using Catch::Matchers::Contains;

struct Mistake {
    const char* what;
    const char* text;
    const char* said;
};

// Of a herd on two machines, each with one thing wrong.
const Mistake mistakes[] = {
    {"a name, and nothing to listen on",
     R"({"servers": [{"name": "A", "clients": "127.0.0.1:12001", "peers": "a.example:12101"}],
         "insecure_peers": true})",
     "servers[0].listen: expected \"listen\", where it listens itself, such as \"[::]:12101\", as "
     "peers is a name, got none"},
    {"peers at no address in particular",
     R"({"servers": [{"name": "A", "clients": "127.0.0.1:12001", "peers": "0.0.0.0:12101"}]})",
     "servers[0].peers: expected an address at which the other servers reach it, and \"listen\" "
     "for one such as this, got \"0.0.0.0:12101\""},
    {"an address that is none",
     R"({"servers": [{"name": "A", "clients": "127.0.0.1:12001", "peers": "10.0.0.300:12101"}]})",
     "expected an address such as \"127.0.0.1:12001\", or a name such as "
     "\"alpha.example.org:12101\", got \"10.0.0.300:12101\""},
    {"IPv6 without brackets",
     R"({"servers": [{"name": "A", "clients": "::1:12001", "peers": "127.0.0.1:12101"}]})",
     "servers[0].clients: expected an address such as \"127.0.0.1:12001\", got \"::1:12001\""},
    {"a port that the system hands out",
     R"({"servers": [{"name": "A", "clients": "127.0.0.1:40000", "peers": "127.0.0.1:12101"}]})",
     "expected a port outside 32768-60999, which is for outgoing connections"},
    {"a link to nobody",
     R"({"servers": [{"name": "Alpha", "clients": "127.0.0.1:1", "peers": "127.0.0.1:2"},
                     {"name": "Beta", "clients": "127.0.0.1:3", "peers": "127.0.0.1:4"}],
         "links": [["Alpha", "beta"]]})",
     "links[0][1]: expected the name of a server, one of Alpha, Beta, got \"beta\""},
    {"another machine, and no keys",
     R"({"servers": [{"name": "A", "clients": "127.0.0.1:1", "peers": "10.0.0.1:2"},
                     {"name": "B", "clients": "127.0.0.1:3", "peers": "10.0.0.2:2"}],
         "links": [["A", "B"]]})",
     "keys: expected keys (`herd keys DIR` makes them), or \"insecure_peers\": true, as A is not "
     "on "
     "loopback, got neither"},
    {"one port for two servers",
     R"({"servers": [{"name": "A", "clients": "127.0.0.1:1", "peers": "127.0.0.1:2"},
                     {"name": "B", "clients": "127.0.0.1:1", "peers": "127.0.0.1:4"}]})",
     "servers[1].clients: expected an address of its own, got \"127.0.0.1:1\" again"},
    {"one name for two servers",
     R"({"servers": [{"name": "A", "clients": "127.0.0.1:1", "peers": "a.example:2",
                      "listen": "[::]:2"},
                     {"name": "B", "clients": "127.0.0.1:3", "peers": "a.example:2",
                      "listen": "[::]:2"}],
         "insecure_peers": true})",
     "servers[1].peers: expected a name and port of its own, got \"a.example\" again"},
    {"a setting that is spelt wrong",
     R"({"servers": [{"name": "A", "clients": "127.0.0.1:1", "peers": "127.0.0.1:2"}],
         "limits": {"client": 5}})",
     "limits.client: expected one of clients, new_clients_per_s,"},
    {"a comma too many",
     R"({"servers": [{"name": "A", "clients": "127.0.0.1:1", "peers": "127.0.0.1:2"},]})",
     "another element after the last comma, or no comma, got \"]\""},
    {"the key itself",
     R"({"servers": [{"name": "A", "clients": "127.0.0.1:1", "peers": "127.0.0.1:2"}],
         "places": {"provider": "google", "key": "secret"}})",
     "places.key: expected key_file, the name of a file that holds the key, got the key"},
};

TEST_CASE("mistakes: each is one line that names what to do", "[herd][config]") {
    for (const Mistake& mistake : mistakes) {
        INFO(mistake.what);
        const auto config = parse(mistake.text, "herd.json");
        REQUIRE_FALSE(config);
        CHECK_THAT(config.error(), Contains(mistake.said));
        CHECK(config.error().find('\n') == std::string::npos);
    }
}

TEST_CASE("mistakes: a byte order mark is none", "[herd][config]") {
    const std::string text =
        R"({"servers": [{"name": "A", "clients": "127.0.0.1:1", "peers": "127.0.0.1:2"}]})";
    CHECK(parse("\xef\xbb\xbf" + text, "herd.json"));
}

TEST_CASE("names: one in place of an address, with where to listen", "[herd][config]") {
    const auto config = parse(
        R"({"servers": [{"name": "A", "clients": "127.0.0.1:1", "peers": "a-1.example.org:12101",
                         "listen": "[::]:12101"}], "insecure_peers": true})",
        "herd.json");
    REQUIRE(config);
    const Server& server = (*config).servers[0];
    CHECK(server.peers_name == "a-1.example.org");
    CHECK(server.peers.port == 12'101);
    CHECK(server.listens_at() == *reactor::Address::parse("::", 12'101));
    for (const char* const bad : {"a..b:1", ".a:1", "-a:1", "a_b:1", "1.2:1", "a:", ":1", "a"}) {
        INFO(bad);
        const std::string text = std::string(R"({"servers": [{"name": "A", "clients":)") +
                                 R"("127.0.0.1:1", "peers": ")" + bad +
                                 R"(", "listen": "[::]:1"}], "insecure_peers": true})";
        CHECK_FALSE(parse(text, "herd.json"));
    }
}

TEST_CASE("config file: one that cannot be read is said", "[herd][config]") {
    const auto none = herd::config::read("/nonexistent/herd.json");
    REQUIRE_FALSE(none);
    CHECK(none.error() ==
          "/nonexistent/herd.json: is not there; herd.json(5), or docs/configuration.md, says what "
          "stands in a configuration, and without --config a built-in herd is meant");
    const auto folder = herd::config::read("/");
    REQUIRE_FALSE(folder);
    CHECK(folder.error() == "/: Is a directory");
    const auto endless = herd::config::read("/dev/zero");
    REQUIRE_FALSE(endless);
    CHECK(endless.error() == "/dev/zero: is longer than 1 MiB");
}

}  // namespace
}  // namespace herd::config
