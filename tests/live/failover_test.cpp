#include "tests/live/herd_process.hpp"
#include "tests/live/writer.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace failover_test {

using namespace live;
using namespace std::chrono_literals;

namespace {

constexpr int client_count = 1000;
constexpr auto recovery_max = 2s;

// What the server answered each of the clients, all in one go.
std::vector<std::string> report_all(const Herd& herd,
                                    const std::string& server,
                                    std::uint64_t second) {
    Client client(herd.port(server));
    std::string lines;
    for (int i = 0; i < client_count; ++i) lines += iamat("c" + std::to_string(i), second) + "\n";
    client.send(lines);
    std::vector<std::string> answers;
    for (int i = 0; i < client_count; ++i) answers.push_back(client.read_line());
    return answers;
}

// How many of the clients the server knows with these very lines.
int known_of(const Herd& herd, const std::string& server, const std::vector<std::string>& answers) {
    Client client(herd.port(server));
    std::string lines;
    for (int i = 0; i < client_count; ++i) lines += "WHATSAT c" + std::to_string(i) + " 1 0\n";
    // A "? ..." ends without an empty line; this way there is one behind the last of them.
    client.send(lines + "\n");
    client.end();
    const std::string all = client.read_all();
    int known = 0;
    std::size_t at = 0;
    for (const auto& answer : answers) {
        const std::size_t found = all.find(answer, at);
        if (found == std::string::npos) continue;
        ++known;
        at = found + answer.size();
    }
    return known;
}

double milliseconds_since(Clock::time_point begun) {
    return std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
}

}  // namespace

TEST_CASE("failover: a server killed under load has all it missed within 2 s of being up again",
          "[live][failover]") {
    Herd herd;
    std::uint64_t second = 0;
    for (const auto& victim : herd.names()) {
        INFO("killed: " << victim);
        std::vector<std::unique_ptr<Writer>> writers;
        for (const auto& name : herd.names()) {
            if (name != victim) writers.push_back(std::make_unique<Writer>(herd, name));
        }
        std::string elsewhere = herd.names()[victim == herd.names()[0] ? 1 : 0];
        report_all(herd, victim, ++second);
        herd.kill(victim, SIGKILL);
        const auto answers = report_all(herd, elsewhere, ++second);
        for (const auto& name : herd.names()) {
            if (name == victim || (victim == "Holiday" && name == "Welsh")) continue;
            CHECK(eventually([&] { return known_of(herd, name, answers) == client_count; }));
        }
        herd.start(victim);
        const auto up = Clock::now();
        const auto all = [&] { return known_of(herd, victim, answers) == client_count; };
        CHECK(eventually(all, recovery_max));
        std::printf("figure: %s killed: all of %d clients known %.0f ms after it was up\n",
                    victim.c_str(),
                    client_count,
                    milliseconds_since(up));
        for (auto& writer : writers) {
            const auto before = writer->answered();
            CHECK(eventually([&] { return writer->answered() > before; }));
            writer->stop();
            CHECK(writer->errors() == 0);
        }
        herd.await_links(victim);
    }
}

TEST_CASE("failover: servers parted by a dead one agree again when it is back",
          "[live][failover]") {
    Herd herd;
    herd.kill("Holiday", SIGKILL);
    const auto of_most = report_all(herd, "Goloman", 1);
    const std::string of_welsh = herd.ask("Welsh", iamat("alone", 1));
    CHECK(known_of(herd, "Welsh", of_most) == 0);
    herd.start("Holiday");
    const auto all = [&] { return known_of(herd, "Welsh", of_most) == client_count; };
    CHECK(eventually(all, recovery_max));
    for (const auto& name : herd.names()) {
        CHECK(eventually([&] { return herd.line_of(name, "alone") == of_welsh; }, recovery_max));
    }
}

}  // namespace failover_test
