// Case 23 of tls_cases.md: servers with keys and servers without.
#include "tests/live/herd_process.hpp"
#include "tests/live/writer.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace tls_migration_test {

using namespace live;
using Catch::Matchers::Contains;

namespace {

// All of them read one file, each when it starts.
void put_into_configuration(const Herd& herd, const std::string& members) {
    std::string text = read_file(herd.config());
    text.insert(text.rfind('}'), members);
    write_file(herd.config(), text);
}

std::string with_keys(const Herd& herd) {
    return ",\"keys\":\"" + herd.file("keys").string() + "\"";
}

Ran status(const Herd& herd) {
    return run({herd_binary(), "status", "--config", herd.config()});
}

std::size_t lines_with(const std::string& log, const std::string& one, const std::string& other) {
    std::istringstream lines(log);
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line);) {
        const bool both =
            line.find(one) != std::string::npos && line.find(other) != std::string::npos;
        count += both ? 1U : 0U;
    }
    return count;
}

Names neighbours_of(const std::string& name) {
    Names all;
    for (const auto& [one, other] : five_links) {
        if (one == name) all.push_back(other);
        if (other == name) all.push_back(one);
    }
    return all;
}

// Reports at all servers but one, which says what of it went wrong.
class Load {
public:
    Load(const Herd& herd, const std::string& spared) {
        for (const auto& name : herd.names()) {
            if (name != spared) writers_.push_back(std::make_unique<Writer>(herd, name));
        }
    }
    // Each is answered once more, and then stops.
    std::uint64_t end() {
        std::uint64_t errors = 0;
        for (auto& writer : writers_) {
            const auto before = writer->answered();
            eventually([&] { return writer->answered() > before || writer->errors() > 0; });
            writer->stop();
            errors += writer->errors();
        }
        return errors;
    }

private:
    std::vector<std::unique_ptr<Writer>> writers_;
};

// One after the other, while clients report at all others. The next only when all links of this one
// are there again, both ways.
void start_anew(Herd& herd) {
    for (const auto& name : herd.names()) {
        INFO(name);
        Load load(herd, name);
        const auto links_made = [&](const std::string& neighbour) {
            return lines_with(herd.log(neighbour), "event=link_up", "neighbour=" + name + " ");
        };
        std::map<std::string, std::size_t> before;
        for (const auto& each : neighbours_of(name)) before[each] = links_made(each);
        herd.kill(name, SIGTERM);
        herd.start(name);
        herd.await_links(name);
        for (const auto& [each, made] : before) {
            CHECK(eventually([&, &each = each, made = made] { return links_made(each) > made; }));
        }
        CHECK(load.end() == 0);
    }
}

}  // namespace

TEST_CASE("tls 23: who has keys and who has none refuse each other, and all logs say so",
          "[live][tls_migration]") {
    HerdSetup setup;
    setup.names = {"Goloman", "Hands"};
    setup.links = {{"Goloman", "Hands"}};
    setup.sealed = false;
    Herd herd(setup);
    REQUIRE(run({herd_binary(), "keys", herd.file("keys"), "--config", herd.config()}).code == 0);
    herd.kill("Goloman", SIGTERM);
    const std::string before = herd.log("Goloman");
    put_into_configuration(herd, with_keys(herd));
    herd.start("Goloman");
    const auto said =
        [&](const std::string& name, const std::string& one, const std::string& other) {
            return eventually([&] { return lines_with(herd.log(name), one, other) > 0; });
        };
    CHECK(said("Goloman",
               "event=handshake_refused neighbour=Hands ",
               "why=\"the other side does not speak TLS\""));
    CHECK(said("Hands", "event=peer_refused from=", "code=507"));
    CHECK(said("Hands", "event=link_refused neighbour=Goloman ", "code=507"));
    CHECK(said("Goloman", "event=handshake_refused from=", "why=\"it does not speak TLS\""));
    CHECK(herd.log("Goloman").find("event=link_up", before.size()) == std::string::npos);
}

TEST_CASE("tls 23: a herd of five goes to TLS server by server under load, and nothing is lost",
          "[live][tls_migration]") {
    HerdSetup setup;
    setup.sealed = false;
    Herd herd(setup);
    REQUIRE(run({herd_binary(), "keys", herd.file("keys"), "--config", herd.config()}).code == 0);
    std::map<std::string, std::string> answers;
    const auto report = [&](const std::string& name, std::uint64_t second) {
        answers[name] = herd.ask(name, iamat("kiwi-" + name, second));
    };
    for (const auto& name : herd.names()) report(name, 1);

    put_into_configuration(herd, with_keys(herd) + ",\"insecure_peers\":true");
    // The first of them: with TLS to nobody yet, and with all its neighbours.
    herd.kill("Goloman", SIGTERM);
    herd.start("Goloman");
    herd.await_links("Goloman");
    CHECK_THAT(status(herd).out, Contains("live, plain"));
    CHECK(eventually(
        [&] { return lines_with(herd.log("Goloman"), "event=link_up", "tls=no") >= 3; }));
    start_anew(herd);
    // Links that were dialled plainly before the other had keys are still there.
    report("Welsh", 2);
    std::string text = read_file(herd.config());
    const std::string both = ",\"insecure_peers\":true";
    text.erase(text.find(both), both.size());
    write_file(herd.config(), text);
    start_anew(herd);

    CHECK(eventually([&] {
        return status(herd).out.find("5 of 5 servers up, 12 of 12 links live, tables equal") !=
               std::string::npos;
    }));
    CHECK_THAT(status(herd).out, !Contains("plain"));
    for (const auto& [name, answer] : answers) {
        for (const auto& each : herd.names()) {
            CHECK(herd.line_of(each, "kiwi-" + name) == answer);
        }
    }
    // No link was down but while one of its two servers was: Goloman was started anew three times.
    for (const auto& name : herd.names()) {
        for (const auto& each : neighbours_of(name)) {
            CHECK(lines_with(herd.log(name), "event=link_down", "neighbour=" + each + " ") <=
                  (each == "Goloman" ? 3 : 2));
        }
    }
}

}  // namespace tls_migration_test
