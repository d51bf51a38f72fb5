#include "tests/live/ports.hpp"
#include "tests/live/reference_herd.hpp"

#include <catch2/catch.hpp>
#include <rapidjson/document.h>

#include <csignal>
#include <filesystem>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

namespace reference_test {

using namespace live;

namespace {

constexpr std::string_view report = "kiwi.cs.ucla.edu +34.068930-118.445127 1520023934.918963997";

bool is_at_line(const std::string& line, const std::string& server, std::string_view copied) {
    const std::string begin = "AT " + server + " ";
    const std::string end = " " + std::string(copied) + "\n";
    if (!line.starts_with(begin) || !line.ends_with(end)) return false;
    static const std::regex skew("[+-][0-9]+\\.[0-9]{9}");
    const std::size_t size = line.size() - begin.size() - end.size();
    return std::regex_match(line.substr(begin.size(), size), skew);
}

// The offline service, which answers like Google's.
class Places {
public:
    Places()
        : port_(take_ports(1).front()),
          process_({herd_binary(),
                    "places",
                    "--listen",
                    "127.0.0.1:" + std::to_string(port_),
                    "--data",
                    environment("HERD_DATA", "data")}) {
        REQUIRE(process_.says("listening"));
    }
    std::uint16_t port() const { return port_; }

private:
    std::uint16_t port_;
    Process process_;
};

void check_commands(const ReferenceHerd& herd) {
    Client client(herd.port("Goloman"));
    CHECK(is_at_line(client.ask("IAMAT " + std::string(report)), "Goloman", report));
    // Bytes that are no text, and blanks that the exercise does not count as such.
    const std::string odd =
        "\xff\xc2\xa0\x1c"
        "a +90-180 -5.5";
    CHECK(is_at_line(client.ask(" IAMAT\t" + odd + " \r"), "Goloman", odd));
    CHECK(client.ask("IAMAT new +0+0 4102444800").starts_with("AT Goloman -"));
    for (const std::string line : {"WHATSIT kiwi",
                                   "  two  blanks ",
                                   "",
                                   "IAMAT kiwi",
                                   "IAMAT kiwi 34.068930-118.445127 1",
                                   "IAMAT kiwi +90.1-118.445127 1",
                                   "IAMAT kiwi +34-181 1",
                                   "IAMAT kiwi +34-118 nan",
                                   "IAMAT kiwi +34-118 1.0123456789",
                                   "IAMAT kiwi +34-118 1 2",
                                   "WHATSAT nobody 10 5",
                                   "WHATSAT kiwi.cs.ucla.edu 50.1 5",
                                   "WHATSAT kiwi.cs.ucla.edu 10 21",
                                   "WHATSAT kiwi.cs.ucla.edu 10 1.5",
                                   "WHATSAT kiwi.cs.ucla.edu -1 5",
                                   "AT Goloman +1.0 kiwi +34-118"}) {
        INFO(line);
        CHECK(client.ask(line) == "? " + line + "\n");
    }
}

void check_pipelining(const ReferenceHerd& herd) {
    std::string sent;
    constexpr int count = 200;
    for (int i = 0; i < count; ++i) {
        sent += "IAMAT c" + std::to_string(i % 100) + " +1-1 " + std::to_string(i) + "\n";
        if (i % 50 == 0) sent += "wrong " + std::to_string(i) + "\n";
    }
    Client client(herd.port("Hands"));
    client.send(sent + "no newline");
    client.end();
    bool ordered = true;
    for (int i = 0; i < count; ++i) {
        const std::string copied = "c" + std::to_string(i % 100) + " +1-1 " + std::to_string(i);
        ordered &= is_at_line(client.read_line(), "Hands", copied);
        if (i % 50 != 0) continue;
        ordered &= client.read_line() == "? wrong " + std::to_string(i) + "\n";
    }
    CHECK(ordered);
    CHECK(client.read_all() == "? no newline\n");
}

void check_flooding(const ReferenceHerd& herd) {
    for (const auto& entry : {"Goloman", "Welsh"}) {
        const std::string at_line = herd.ask(entry, "IAMAT from-" + std::string(entry) + " +1+1 5");
        for (const auto& name : five_names) {
            INFO("from " << entry << " to " << name);
            const std::string question = "WHATSAT from-" + std::string(entry) + " 1 0";
            CHECK(eventually([&] { return herd.ask(name, question).starts_with(at_line); }));
        }
    }
}

// At another server than the one that was told; what comes behind it waits for its turn.
void check_places(const ReferenceHerd& herd) {
    const std::string known = herd.ask("Holiday", "IAMAT places +34.068930-118.445127 5\n");
    REQUIRE(
        eventually([&] { return herd.ask("Wilkes", "WHATSAT places 1 0").starts_with(known); }));
    const std::string answer = herd.ask("Wilkes", "WHATSAT places 10 3\nbehind\n");
    INFO(answer);
    REQUIRE(answer.starts_with(known));
    const std::size_t end = answer.find("\n\n");
    REQUIRE(end != std::string::npos);
    CHECK(answer.substr(end) == "\n\n? behind\n");
    rapidjson::Document json;
    json.Parse(answer.data() + known.size(), end - known.size());
    REQUIRE(!json.HasParseError());
    CHECK(std::string_view(json["status"].GetString()) == "OK");
    CHECK(json["results"].Size() == 3);
    CHECK(json["html_attributions"].Size() > 0);
}

void check(const Reference& reference, int signal) {
    static const Places places;
    INFO(reference.name);
    ReferenceHerd herd(reference, places.port());
    check_commands(herd);
    check_pipelining(herd);
    check_flooding(herd);
    check_places(herd);
    CHECK(herd.end(signal) == 0);
}

// With one connection per message, and with one per neighbour.
void check_both(Reference reference) {
    check(reference, SIGTERM);
    reference.name += " --keep";
    reference.options.emplace_back("--keep");
    check(reference, SIGINT);
}

std::string python() {
    return environment("HERD_PYTHON", "/usr/bin/python3");
}

std::filesystem::path reference_folder() {
    return std::filesystem::absolute(environment("HERD_REFERENCE", "bench/reference"));
}

// What starts one of the Python programs, without leaving its bytecode in the source tree.
std::vector<std::string> python_command(const std::string& file) {
    return {python(), "-B", reference_folder() / "python" / file};
}

}  // namespace

TEST_CASE("reference: python", "[live][reference]") {
    check_both({"python", python_command("server.py")});
}

TEST_CASE("reference: python on uvloop", "[live][reference]") {
    if (run({python(), "-c", "import uvloop"}).code != 0) {
        WARN("uvloop is not installed: not tried");
        return;
    }
    check_both({"uvloop", python_command("server.py"), {"--uvloop"}});
}

TEST_CASE("reference: node", "[live][reference]") {
    const std::string node = environment("HERD_NODE");
    if (node.empty()) {
        WARN("Node.js is not installed: not tried");
        return;
    }
    check_both({"node", {node, reference_folder() / "node/server.js"}});
}

TEST_CASE("reference: java", "[live][reference]") {
    const std::filesystem::path java = environment("HERD_JAVA");
    if (java.empty() || !exists(java.parent_path() / "javac")) {
        WARN("a Java compiler is not installed: not tried");
        return;
    }
    const TemporaryFolder classes;
    std::vector<std::string> compile = {
        java.parent_path() / "javac", "-J-XX:TieredStopAtLevel=1", "-d", classes.path()};
    for (const auto& file : std::filesystem::directory_iterator(reference_folder() / "java")) {
        compile.push_back(file.path());
    }
    const Ran compiled = run(compile);
    INFO(compiled.err);
    REQUIRE(compiled.code == 0);
    // Five of these start at once and end soon: optimizing would take longer than it saves.
    check_both({"java", {java, "-XX:TieredStopAtLevel=1", "-cp", classes.path(), "Server"}});
}

TEST_CASE("reference: python logs its neighbours, and its wire when asked to; its client talks",
          "[live][reference]") {
    const TemporaryFolder folder;
    const auto ports = take_ports(2);
    const std::string config =
        write_file(folder / "herd.json",
                   R"({"servers":{"Here":{"host":"127.0.0.1","port":)" + std::to_string(ports[0]) +
                       R"(},"Away":{"host":"127.0.0.1","port":)" + std::to_string(ports[1]) +
                       R"(}},"neighbours":{"Here":["Away"],"Away":["Here"]}})");
    const std::string logs = folder / "logs";
    auto command = python_command("server.py");
    command.insert(command.end(), {"Here", "--config", config, "--log", logs, "--wire"});
    Process here(command);
    REQUIRE(eventually([&] { return accepts(ports[0]) || here.ended(); }));
    REQUIRE(!here.ended());
    const std::string line = "IAMAT kiwi +1+1 5";
    auto asking = python_command("client.py");
    asking.insert(asking.end(), {"Here", line, "--config", config});
    const Ran client = run(asking);
    CHECK(client.code == 0);
    CHECK(is_at_line(client.out, "Here", line.substr(6)));
    const auto logged = [&](const std::string& text) {
        return eventually(
            [&] { return read_file(logs + "/Here.log").find(text) != std::string::npos; });
    };
    CHECK(logged("in: b'" + line + "'"));
    CHECK(logged("out: b'AT Here "));
    CHECK(logged("dropped connection to Away"));
    here.signal(SIGTERM);
    CHECK(here.wait() == 0);
}

}  // namespace reference_test
