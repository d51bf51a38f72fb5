#include "tests/live/ports.hpp"
#include "tests/live/process.hpp"
#include "tests/live/three_servers.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

// `herd status` and `herd send` where servers have keys.
namespace sealed_ask_test {

namespace fs = std::filesystem;
using live::herd_binary;
using live::Process;
using live::Ran;
using live::run;
using live::ThreeServers;
using live::write_file;

namespace {

bool contains(const std::string& text, const std::string& part) {
    INFO(text);
    return text.find(part) != std::string::npos;
}

// As ThreeServers, but for these: keys of their own, and a port for clients that speak TLS.
struct SealedServers {
    SealedServers() {
        REQUIRE(run({herd_binary(), "keys", keys(), "--config", three.config}).code == 0);
        std::string text = live::read_file(three.config);
        for (std::size_t i = 0; i < 3; ++i) {
            const std::string name = std::string("\"") + ThreeServers::names[i] + "\",";
            const std::size_t at = text.find(name);
            text.insert(at + name.size(),
                        " \"clients_tls\": \"127.0.0.1:" + std::to_string(free[i]) + "\",");
        }
        text.insert(text.rfind('}'), ", \"keys\": \"" + keys() + "\"");
        write_file(three.config, text);
        herd = std::make_unique<Process>(three.up());
        REQUIRE(herd->says("ready\n"));
    }
    std::string keys() const { return three.folder / "keys"; }

    std::vector<std::uint16_t> free = live::take_ports(3);  // where clients speak TLS
    ThreeServers three;
    std::unique_ptr<Process> herd;
};

}  // namespace

TEST_CASE("herd send: whom to believe is not said where nothing is encrypted", "[live][status]") {
    const ThreeServers three;
    for (const char* name : {"send", "watch"}) {
        const Ran ran =
            run(three.command({name, ThreeServers::names[0], "--ca", "ca.crt", "kiwi"}));
        CHECK(ran.code == 2);
        CHECK(contains(ran.err, "has no clients_tls in the configuration, so nothing would be"));
    }
}

TEST_CASE("herd status: asks servers with keys, as operator or as one of them", "[live][status]") {
    const SealedServers sealed;
    const auto status = sealed.three.command({"status"});
    const Ran asked = run(status);
    INFO(asked.err);
    CHECK(asked.code == 0);
    CHECK(contains(asked.out, "3 of 3 servers up, 4 of 4 links live, tables equal"));

    fs::remove(sealed.keys() + "/operator.key");
    CHECK(contains(run(status).out, "3 of 3 servers up"));

    for (const std::string name : ThreeServers::names)
        fs::remove(sealed.keys() + "/" + name + ".key");
    const Ran without = run(status);
    CHECK(without.code == 2);
    CHECK(contains(without.err, "/operator.key: is not here, nor the key of any server"));
}

TEST_CASE("herd status: who is of another herd learns nothing", "[live][status]") {
    const SealedServers sealed;
    fs::rename(sealed.keys(), sealed.three.folder / "away");
    REQUIRE(run(sealed.three.command({"keys", sealed.keys()})).code == 0);
    const Ran stranger = run(sealed.three.command({"status"}));
    CHECK(stranger.code == 1);
    CHECK(contains(stranger.out, "0 of 3 servers up"));
    CHECK_FALSE(contains(stranger.out, "live\n"));

    // Who believes anybody is refused by the server.
    fs::copy_file(sealed.three.folder / "away/ca.crt",
                  sealed.keys() + "/ca.crt",
                  fs::copy_options::overwrite_existing);
    const Ran refused = run(sealed.three.command({"status"}));
    CHECK(refused.code == 1);
    CHECK(contains(refused.out, "0 of 3 servers up"));
    CHECK(contains(refused.out, "unknown ca"));
}

TEST_CASE("herd send: speaks TLS where the server does", "[live][program]") {
    const SealedServers sealed;
    const std::string report = std::string("IAMAT kiwi ") + live::place + " 1520023934.918963997";
    const Ran sent = sealed.three.send("Alpha", {report});
    INFO(sent.err);
    CHECK(sent.code == 0);
    CHECK(sent.out.starts_with("AT Alpha "));
    CHECK(contains(run(sealed.three.command({"status", "--json"})).out, "\"handshakes\":"));
    CHECK(sealed.three.send("Alpha", {"--plain", report}).code == 0);

    // More than fits into a record, and into what the kernel takes at once.
    std::vector<std::string> many(20'000, report);
    std::string input;
    for (const std::string& line : many) input += line + "\n";
    const Ran all = run(sealed.three.command({"send", "Alpha", "-"}), {.input = input});
    CHECK(all.code == 0);
    CHECK(std::ranges::count(all.out, '\n') == 20'000);
}

TEST_CASE("herd send and watch: what it takes where TLS is spoken is said", "[live][program]") {
    const SealedServers sealed;
    // Of one who has not heard that it is.
    const std::string port = "127.0.0.1:" + std::to_string(sealed.free[0]);
    const std::string config = write_file(sealed.three.folder / "plain.json",
                                          R"({"servers": [{"name": "Alpha", "clients": ")" + port +
                                              R"(", "peers": "127.0.0.1:1"}]})");
    for (const std::string command : {"send", "watch"}) {
        const Ran ran = run({herd_binary(), command, "Alpha", "--config", config, "kiwi", "emu"});
        CHECK(ran.code == 1);
        CHECK(ran.out.empty());
        CHECK(ran.err == "herd: " + port +
                             " speaks TLS, and the configuration does not say so: it takes this "
                             "server's `clients_tls` there, and `keys` or --ca FILE\n");
    }
}

TEST_CASE("herd send: believes nobody but the authority's", "[live][program]") {
    const SealedServers sealed;
    const std::string other = sealed.three.folder / "other";
    REQUIRE(run(sealed.three.command({"keys", other})).code == 0);
    const Ran sent = sealed.three.send("Alpha", {"--ca", other + "/ca.crt", "WHATSAT kiwi 1 1"});
    CHECK(sent.code == 2);
    CHECK(sent.out.empty());
    CHECK(contains(sent.err, "unable to get local issuer certificate"));
}

}  // namespace sealed_ask_test
