#include "herd/config/file.hpp"

#include "herd/config/settings.hpp"
#include "tests/unit/herd/config/fault.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace {

using herd::config::Config;
using herd::config::Provider;
using herd::config::Setting;
using herd::config_test::fault;
using herd::config_test::with;
using reactor::Address;

constexpr auto example = HERD_SOURCE_ROOT "/herd.example.json";

// A file with this list of servers, which begins in line 2, and of links, in the line behind it.
std::string herd_of(const std::string& servers, const std::string& links = "") {
    return "{\"servers\": [\n" + servers + "],\n\"links\": [" + links + "]}";
}

std::string server(const std::string& name, int number) {
    return R"({"name": ")" + name + R"(", "clients": "127.0.0.1:)" +
           std::to_string(12000 + number) + R"(", "peers": "127.0.0.1:)" +
           std::to_string(13000 + number) + R"("})";
}

void check_same(const Config& one, const Config& other) {
    REQUIRE(one.servers.size() == other.servers.size());
    for (std::size_t i = 0; i < one.servers.size(); ++i) {
        CHECK(one.servers[i].name == other.servers[i].name);
        CHECK(one.servers[i].clients == other.servers[i].clients);
        CHECK(one.servers[i].peers == other.servers[i].peers);
        CHECK(one.servers[i].neighbours == other.servers[i].neighbours);
    }
    for (const Setting& setting : herd::config::settings()) {
        INFO(path_of(setting));
        CHECK(shown(setting, one) == shown(setting, other));
    }
}

}  // namespace

TEST_CASE("config: the built-in herd is the one that is documented", "[herd][config]") {
    const Config config = Config::built_in();
    const std::vector<std::pair<std::string, std::vector<std::string>>> expected = {
        {"Goloman", {"Hands", "Holiday", "Wilkes"}},
        {"Hands", {"Goloman", "Wilkes"}},
        {"Holiday", {"Goloman", "Welsh", "Wilkes"}},
        {"Welsh", {"Holiday"}},
        {"Wilkes", {"Goloman", "Hands", "Holiday"}},
    };
    REQUIRE(config.servers.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        CHECK(config.servers[i].name == expected[i].first);
        CHECK(config.servers[i].neighbours == expected[i].second);
        CHECK(config.servers[i].clients ==
              Address::loopback(static_cast<std::uint16_t>(12001 + i)));
        CHECK(config.servers[i].peers == Address::loopback(static_cast<std::uint16_t>(12101 + i)));
    }
    CHECK(config.places.provider == Provider::offline);
    CHECK(config.places.url == "http://127.0.0.1:12080");
    CHECK(config.find("Welsh") == &config.servers[3]);
    CHECK(config.find("Welch") == nullptr);
    CHECK(config.find("") == nullptr);
}

TEST_CASE("config file: the example is the built-in herd written out", "[herd][config]") {
    const auto read = herd::config::read(example);
    if (!read) FAIL(read.error());
    check_same(*read, Config::built_in());
    std::ostringstream file;
    file << std::ifstream(example).rdbuf();
    const std::string text = file.str();
    for (const Setting& setting : herd::config::settings()) {
        INFO(path_of(setting));
        CHECK(text.find('"' + std::string(setting.name) + '"') != std::string::npos);
    }
}

TEST_CASE("config file: what is not said keeps its default", "[herd][config]") {
    const auto read = herd::config::parse(with("\"spin\": false"), "f");
    REQUIRE(read);
    const Config& config = *read;
    CHECK(config.servers.size() == 1);
    CHECK(config.places.url == "http://127.0.0.1:12080");
    CHECK(config.log.folder == "log");
    CHECK(config.journal.folder.empty());
    CHECK(config.limits.clients == herd::config::Limits{}.clients);
}

TEST_CASE("config file: every field is taken", "[herd][config]") {
    const auto read = herd::config::parse(R"(
        // One kind of comment,
        {"links": [["B", "A"]], /* and the
        other */ "servers": [
            {"peers": "[::1]:13001", "clients": "0.0.0.0:12001", "name": "A"},
            {"name": "B", "clients": "localhost:0", "peers": "127.0.0.1:0"}],
         "places": {"provider": "google-legacy", "url": "https://maps.example", "key_file": "key"},
         "limits": {"clients": 7, "idle_ms": 1000},
         "log": {"folder": "-", "wire": true}, "max_future_ms": 5, "ttl_s": 6, "spin": true,
         "max_accuracy_m": 7,
         "journal": {"folder": "kept", "fsync": "always", "listen_first": true}, "nearby": false,
         "prefault": true})",
                                          "f");
    if (!read) FAIL(read.error());
    const Config& config = *read;
    CHECK(config.servers[0].clients == *Address::parse("0.0.0.0", 12001));
    CHECK(config.servers[0].peers == *Address::parse("::1", 13001));
    CHECK(config.servers[1].clients == Address::loopback(0));
    CHECK(config.servers[0].neighbours == std::vector<std::string>{"B"});
    CHECK(config.servers[1].neighbours == std::vector<std::string>{"A"});
    CHECK(config.places.provider == Provider::google_legacy);
    CHECK(config.places.url == "https://maps.example");
    CHECK(config.places.key_file == "key");
    CHECK(config.limits.clients == 7);
    CHECK(config.limits.idle_ms == 1000);
    CHECK(config.log.folder == "-");
    CHECK(config.log.wire);
    CHECK(config.journal.folder == "kept");
    CHECK(config.journal.fsync == herd::config::Fsync::always);
    CHECK(config.journal.listen_first);
    CHECK((config.max_future_ms == 5 && config.ttl_s == 6 && config.max_accuracy_m == 7));
    CHECK((config.prefault && config.spin));
    CHECK_FALSE(config.nearby);
}

TEST_CASE("config file: what is not JSON is said with its line", "[herd][config]") {
    CHECK(fault("") == "f:1: file: expected an object {}, got the end of the file");
    CHECK(fault("\n\n[]") == "f:3: file: expected an object {}, got a list []");
    CHECK(fault("\n7") == "f:2: file: expected an object {}, got 7");
    CHECK(fault(with("\"spin\" true")) == "f:3: spin: expected a colon, got \"t\"");
    CHECK(fault(with("\n\"spin\": maybe")) == "f:4: spin: expected a value, got \"m\"");
    CHECK(fault(with("\"spin\": true\n\"log\": {}")) ==
          "f:3: spin: expected a comma or } after true, got \"\"\" on line 4");
    CHECK(fault(with("\"links\": [\n[\"A\" \"B\"]]")) ==
          "f:4: links[0][0]: expected a comma or ], got \"\"\"");
    CHECK(fault(with("\"links\": [\n[\"A\" // \"B\",\n\n\"B\"]]")) ==
          "f:4: links[0][0]: expected a comma or ] after \"A\", got \"\"\" on line 6");
    CHECK(fault(with("\"limits\": {\"clients\": 100\n\n}\n\n\"spin\": true")) ==
          "f:5: limits: expected a comma or } after }, got \"\"\" on line 7");
    CHECK(fault(with("\"limits\": {\"clients\": 100\n\"blocks\": 5}")) ==
          "f:3: limits.clients: expected a comma or } after 100, got \"\"\" on line 4");
    CHECK(fault(with("\"spin\": true") + "\n}") == "f:4: file: expected nothing more, got \"}\"");
    CHECK(fault(with("\"log\": {\"folder\": \"x\n\"}")).starts_with("f:"));
    CHECK(fault("{ /* never closed\n\n") ==
          "f:3: file: expected JSON in UTF-8, with comments, got the end of the file");
    CHECK(fault(with("\"log\": {\"folder\": \"\xff\"}"))
              .starts_with("f:3: log.folder: expected JSON"));
    CHECK(fault(std::string(200'000, '[')) == "f:1: file: expected an object {}, got a list []");
    CHECK(fault(std::string("{\0}", 3)) ==
          "f:1: file: expected a field's name in double quotes, got \"?\"");
}

TEST_CASE("config file: every cut-off file is refused, and none is misread", "[herd][config]") {
    const std::string text =
        with(R"("links": [], "log": {"wire": true}, "limits": {"blocks": 99}, )"
             R"("places": {"url": "http://x"}, "max_future_ms": 12)");
    REQUIRE(fault(text).empty());
    for (std::size_t size = 0; size < text.size(); ++size) {
        INFO(text.substr(0, size));
        CHECK(fault(text.substr(0, size)).starts_with("f:"));
    }
}

TEST_CASE("config file: an unknown field is said together with those there are", "[herd][config]") {
    CHECK(fault(with("\"spins\": true")) ==
          "f:3: spins: expected one of servers, links, places, limits, log, journal, "
          "keys, insecure_peers, access, max_future_ms, ttl_s, max_accuracy_m, nearby, "
          "prefault, spin, bridge, got \"spins\"");
    CHECK(fault(with("\"log\": {\n\"file\": \"x\"}")) ==
          "f:4: log.file: expected one of folder, wire, got \"file\"");
    CHECK(fault(with("\"limits\": {\n\n\"client\": 1}"))
              .starts_with("f:5: limits.client: expected one of clients, "));
    CHECK(fault(herd_of("{\"name\": \"A\",\n\"port\": 1}")) ==
          "f:3: servers[0].port: expected one of name, clients, peers, listen, legacy, "
          "clients_tls, http, https, http_name, phones, phones_tls, udp, bridge, got \"port\"");
}

TEST_CASE("config file: a field comes once", "[herd][config]") {
    CHECK(fault(with("\"spin\": true,\n\"spin\": true")) ==
          "f:4: spin: expected each field once, got it again");
    CHECK(fault(with("\"limits\": {\"blocks\": 99, \"blocks\": 99}")) ==
          "f:3: limits.blocks: expected each field once, got it again");
}

TEST_CASE("config file: a value is of its field's kind", "[herd][config]") {
    CHECK(fault("{\"servers\":\n {}}") == "f:2: servers: expected a list [], got an object {}");
    CHECK(fault("{\"servers\": [\n\"A\"]}") == "f:2: servers[0]: expected an object {}, got \"A\"");
    CHECK(fault(with("\"spin\": 1")) == "f:3: spin: expected true or false, got 1");
    CHECK(fault(with("\"spin\": null")) == "f:3: spin: expected true or false, got null");
    CHECK(fault(with("\"limits\": {\"blocks\": \"99\"}")) ==
          "f:3: limits.blocks: expected a whole number, got \"99\"");
    CHECK(fault(with("\"log\": {\"folder\": true}")) ==
          "f:3: log.folder: expected text in double quotes, got true");
    CHECK(fault(with("\"links\": [\"A\", \"B\"]")) ==
          "f:3: links[0]: expected a list [], got \"A\"");
}

TEST_CASE("config file: servers are complete, and at most 64", "[herd][config]") {
    CHECK(fault("{}") == "f:1: servers: expected 1 to 64 servers, got none");
    CHECK(fault("{\n\"servers\": [\n]}") == "f:2: servers: expected 1 to 64 servers, got none");
    CHECK(fault(herd_of(server("A", 1) + ",\n{\"name\": \"B\",\n\"clients\": \"127.0.0.1:1\"}")) ==
          "f:4: servers[1]: expected name, clients and peers, got no peers");
    std::string servers = server("S0", 0);
    for (int i = 1; i < 64; ++i) servers += ",\n" + server("S" + std::to_string(i), i);
    CHECK(fault(herd_of(servers)).empty());
    CHECK(fault(herd_of(servers + ",\n" + server("S64", 64))) ==
          "f:66: servers[64]: expected at most 64 servers, got more");
}

TEST_CASE("config file: names are fit for lines, files and arguments", "[herd][config]") {
    const std::string expected =
        "f:2: servers[0].name: expected 1 to 64 printable ASCII characters, no blank or '/', the "
        "first not '.' or '-', got ";
    CHECK(fault(herd_of(server("", 1))) == expected + "\"\"");
    CHECK(fault(herd_of(server("A B", 1))) == expected + "\"A B\"");
    CHECK(fault(herd_of(server("A\\tB", 1))) == expected + "\"A?B\"");
    CHECK(fault(herd_of(server("a/b", 1))) == expected + "\"a/b\"");
    CHECK(fault(herd_of(server("..", 1))) == expected + "\"..\"");
    CHECK(fault(herd_of(server("-a", 1))) == expected + "\"-a\"");
    CHECK(fault(herd_of(server("\u00e9", 1))) == expected + "\"??\"");
    CHECK(fault(herd_of(server(std::string(64, 'n'), 1))).empty());
    CHECK(fault(herd_of(server(std::string(65, 'n'), 1))) ==
          expected + "\"" + std::string(60, 'n') + "...\"");
    CHECK(fault(herd_of(server("A", 1) + ",\n" + server("A", 2))) ==
          "f:3: servers[1].name: expected a name of its own, got \"A\" again");
}

TEST_CASE("config file: addresses are numeric, apart and outside the ephemeral range",
          "[herd][config]") {
    const auto of = [](const std::string& clients, const std::string& peers) {
        return fault(herd_of(R"({"name": "A", "clients": ")" + clients + "\",\n\"peers\": \"" +
                             peers + "\"}"));
    };
    const std::string good = "127.0.0.1:12101";
    const std::string expected =
        "f:2: servers[0].clients: expected an address such as \"127.0.0.1:12001\", got ";
    for (const char* bad : {"127.0.0.1",
                            "127.0.0.1:",
                            ":12001",
                            "12001",
                            "127.0.0.1:65536",
                            "127.0.0.1:-1",
                            "127.0.0.1:1 ",
                            "example.org:80",
                            "::1:80",
                            "[127.0.0.1]:80",
                            "[::1:80"}) {
        CHECK(of(bad, good) == expected + '"' + bad + '"');
    }
    for (const char* fine : {"127.0.0.1:1",
                             "127.0.0.1:32767",
                             "127.0.0.1:61000",
                             "127.0.0.1:65535",
                             "localhost:12001",
                             "[::1]:12001",
                             "[::]:12001"}) {
        CHECK(of(fine, good).empty());
    }
    for (const char* ephemeral : {"127.0.0.1:32768", "127.0.0.1:60999", "[::1]:40000"}) {
        CHECK(of(good, ephemeral) ==
              "f:3: servers[0].peers: expected a port outside 32768-60999, which is for outgoing "
              "connections, got \"" +
                  std::string(ephemeral) + '"');
    }
    CHECK(of(good, good) ==
          "f:3: servers[0].peers: expected an address of its own, got \"127.0.0.1:12101\" again");
    CHECK(of("127.0.0.1:0", "127.0.0.1:0").empty());
    CHECK(of(good, "0.0.0.0:12001") ==
          "f:3: servers[0].peers: expected an address at which the other servers reach it, and "
          "\"listen\" for one such as this, got "
          "\"0.0.0.0:12001\"");
    CHECK(fault(herd_of(server("A", 1) + ",\n" + server("B", 1))) ==
          "f:3: servers[1].clients: expected an address of its own, got \"127.0.0.1:12001\" again");
}

TEST_CASE("config file: links join two different servers once", "[herd][config]") {
    const std::string servers = server("A", 1) + ",\n" + server("B", 2);
    CHECK(fault(herd_of(servers, "\n[\"A\",\n\"C\"]")) ==
          "f:6: links[0][1]: expected the name of a server, one of A, B, got \"C\"");
    CHECK(fault(herd_of(servers, "[\"A\", \"B\"],\n[\"B\", \"B\"]")) ==
          "f:5: links[1]: expected two servers, got \"B\" twice");
    CHECK(fault(herd_of(servers, "[\"A\", \"B\"],\n[\"B\", \"A\"]")) ==
          "f:5: links[1]: expected each link once, got \"B\" and \"A\" again");
    CHECK(fault(herd_of(servers, "[]")) ==
          "f:4: links[0]: expected the names of two servers, got 0");
    CHECK(fault(herd_of(servers, "[\"A\"\n]")) ==
          "f:5: links[0]: expected the names of two servers, got 1");
    CHECK(fault(herd_of(servers, "[\"A\", \"B\",\n\"A\"]")) ==
          "f:5: links[0][2]: expected the names of two servers, got a third");
}

TEST_CASE("config file: every whole number has a range, and its ends are in it", "[herd][config]") {
    // So large that no other limit can ask for more.
    const std::string blocks = "\"blocks\": 16777216, ";
    for (const Setting& setting : herd::config::settings()) {
        const auto* const whole = std::get_if<herd::config::Whole>(&setting.type);
        if (whole == nullptr) continue;
        const std::string path = path_of(setting);
        INFO(path);
        const std::uint64_t usual = whole->member.get(Config{});
        CHECK(usual >= whole->min);
        CHECK(usual <= whole->max);
        const auto set = [&](const std::string& value) {
            const std::string field = "\"" + std::string(setting.name) + "\":\n" + value;
            if (setting.in == herd::config::Section::root) return fault(with(field));
            if (setting.in == herd::config::Section::bridge) {
                return fault(with("\"bridge\": {" + field + "}"));
            }
            REQUIRE(setting.in == herd::config::Section::limits);
            return fault(
                with("\"limits\": {" + (setting.name == "blocks" ? "" : blocks) + field + "}"));
        };
        if (setting.name != "blocks") CHECK(set(std::to_string(whole->min)).empty());
        CHECK(set(std::to_string(whole->max)).empty());
        const std::string expected = "f:4: " + path + ": expected a whole number from " +
                                     std::to_string(whole->min) + " to " +
                                     std::to_string(whole->max) + ", got ";
        for (const std::string& bad : {std::to_string(whole->max + 1),
                                       std::string("-1"),
                                       std::string("1.5"),
                                       std::string("1e3"),
                                       std::string("18446744073709551616")}) {
            CHECK(set(bad) == expected + bad);
        }
        if (whole->min > 0) {
            const std::string less = std::to_string(whole->min - 1);
            CHECK(set(less) == expected + less);
        }
    }
}

TEST_CASE("config file: limits fit each other", "[herd][config]") {
    CHECK(fault(with("\"limits\": {\n\"blocks\": 64,\n\"idle_ms\": 1000}")) ==
          "f:4: limits.blocks: expected at least 77, for one answer of places_body_max bytes and 4 "
          "for each neighbour, got 64");
    CHECK(fault(with("\"limits\": {\n\"blocks\": 77}")).empty());
    CHECK(fault(with("\"limits\": {\n\"blocks\": 1000,\n\"places_body_max\": 16777216}"))
              .starts_with("f:4: limits.blocks: expected at least "));
    const std::string servers = server("A", 1) + "," + server("B", 2) + "," + server("C", 3) +
                                R"(], "links": [["A", "B"], ["A", "C"]], "limits": )";
    CHECK(fault("{\"servers\": [" + servers + "{\"peer_connections\": 1}}") ==
          "f:1: limits.peer_connections: expected at least 2, as a server has that many "
          "neighbours, got 1");
    CHECK(fault("{\"servers\": [" + servers + "{\"blocks\": 84}}").find("85") != std::string::npos);
}

TEST_CASE("config file: the Places service is known, and its key stays in a file of its own",
          "[herd][config]") {
    CHECK(fault(with("\"places\": {\"provider\":\n\"bing\"}")) ==
          "f:4: places.provider: expected offline, google or google-legacy, got \"bing\"");
    CHECK(fault(with("\"places\": {\n\"provider\": \"google\"}")) ==
          "f:4: places.key_file: expected the name of the file with the API key, got none");
    CHECK(fault(with("\"places\": {\"provider\": \"google\", \"key_file\": \"key\"}")).empty());
    CHECK(fault(with("\"places\": {\"key_file\": \"\"}")) ==
          "f:3: places.key_file: expected the name of a file, got \"\"");
    CHECK(fault(with("\"places\": {\"url\":\n\"ftp://x\"}")) ==
          "f:4: places.url: expected a base URL, which must begin with http:// or https://, got "
          "\"ftp://x\"");
    CHECK(fault(with("\"places\": {\"provider\": \"google\", \"key_file\": \"k\", \"url\":\n"
                     "\"http://example.org\"}"))
              .starts_with("f:4: places.url: expected a base URL, which must begin with https://"));
    const std::string leak = fault(with("\"places\": {\n\"key\": \"AIzaSecret\"}"));
    CHECK(leak ==
          "f:4: places.key: expected key_file, the name of a file that holds the key, got the key");
}

TEST_CASE("config file: the rest has its bounds too", "[herd][config]") {
    CHECK(fault(with("\"max_future_ms\":\n-1"))
              .starts_with("f:4: max_future_ms: expected a whole number from 0 to "));
    CHECK(fault(with("\"max_future_ms\": 99999999999")).ends_with("got 99999999999"));
    CHECK(fault(with("\"ttl_s\": 9999999999")).find(" 0 to 3162240000, got ") != std::string::npos);
    CHECK(fault(with("\"journal\": {\"fsync\": \"never\"}")) ==
          "f:3: journal.fsync: expected second or always, got \"never\"");
    CHECK(fault(with("\"log\": {\"folder\": \"\"}")) ==
          "f:3: log.folder: expected the name of a folder, or - for standard error, got \"\"");
}
