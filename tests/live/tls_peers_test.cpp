// Cases 20 and 21 of tls_cases.md: neighbours whose certificates are wrong, each in its way.
#include "tests/live/herd_process.hpp"
#include "tests/live/made_certificates.hpp"
#include "tests/live/sealed_client.hpp"
#include "tests/live/sealed_server.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace tls_peers_test {

using namespace live;
using Catch::Matchers::Contains;

namespace {

using Flaws = MadeCertificates::Flaws;
using Purpose = herd::keys::Purpose;

constexpr auto hello = "HELLO 1 Hands 00000000000000ab 0 0\n";

HerdSetup pair_of_servers() {
    HerdSetup setup;
    setup.names = {"Goloman", "Hands"};
    setup.links = {{"Goloman", "Hands"}};
    setup.sealed = true;
    return setup;
}

// What a log says from now on.
class NewLines {
public:
    NewLines(const Herd& herd, std::string name)
        : herd_(herd), name_(std::move(name)), begun_(herd.log(name_).size()) {}

    std::string text() const { return herd_.log(name_).substr(begun_); }
    // Lines that have both.
    std::size_t count(const std::string& one, const std::string& other) const {
        std::istringstream lines(text());
        std::size_t count = 0;
        for (std::string line; std::getline(lines, line);) {
            const bool both =
                line.find(one) != std::string::npos && line.find(other) != std::string::npos;
            count += both ? 1U : 0U;
        }
        return count;
    }
    bool come(const std::string& one, const std::string& other) const {
        return eventually([&] { return count(one, other) > 0; });
    }
    // Why somebody was refused, in each line of that which has this, too.
    std::vector<std::string> reasons(const std::string& whom) const {
        std::istringstream lines(text());
        std::vector<std::string> reasons;
        for (std::string line; std::getline(lines, line);) {
            const std::size_t refused = line.find("_refused ");
            const std::size_t at = line.find(whom);
            if (refused == std::string::npos || at == std::string::npos) continue;
            reasons.push_back(line.substr(at + whom.size()));
        }
        return reasons;
    }

private:
    const Herd& herd_;
    std::string name_;
    std::size_t begun_;
};

// What is wrong with Hands's certificate, and what both logs say of it: of Hands dialling Goloman,
// and of Goloman dialling Hands. Empty: that way nothing is wrong.
struct Wrong {
    const char* name;
    Flaws flaws;
    std::string goloman_dialled = {};
    std::string hands_dialling = {};
    std::string goloman_dialling = {};
    std::string hands_dialled = {};
};

std::string why(const std::string& reason) {
    return "why=\"" + reason + "\"";
}
std::string other_side(const std::string& reason) {
    return why("the other side says: " + reason);
}

constexpr auto code_506 = "code=506 reason=\"that is not the name of your certificate\"";

Wrong by_handshake(const char* name, Flaws flaws, const char* here, const char* there) {
    return {name, std::move(flaws), why(here), other_side(there), why(here), other_side(there)};
}
Wrong by_name(const char* name, std::vector<std::string> names) {
    return {name,
            {.names = std::move(names)},
            code_506,
            code_506,
            why("hostname mismatch"),
            other_side("bad certificate")};
}

const std::string why_unknown = why("unable to get local issuer certificate");

// A busy machine may also have one dialled who is ending, or who does not answer in time: then that
// is a reason, and the one from before is new again.
void check_told_once(const std::vector<std::string>& reasons, const std::string& wanted) {
    CAPTURE(reasons);
    CHECK(std::ranges::count(reasons, wanted) > 0);
    CHECK(std::ranges::adjacent_find(reasons) == reasons.end());
}

const std::vector<Wrong> wrongs = {
    by_handshake("another authority's",
                 {.stranger = true},
                 "unable to get local issuer certificate",
                 "unknown ca"),
    by_handshake("expired",
                 {.from_s = -100, .until_s = -50},
                 "certificate has expired",
                 "certificate expired"),
    by_handshake(
        "not valid yet", {.from_s = 86'400}, "certificate is not yet valid", "bad certificate"),
    {.name = "for servers only",
     .flaws = {.purpose = Purpose::server_only},
     .goloman_dialled = why("unsuitable certificate purpose"),
     .hands_dialling = other_side("unsupported certificate")},
    {.name = "for clients only",
     .flaws = {.purpose = Purpose::client},
     .goloman_dialling = why("unsuitable certificate purpose"),
     .hands_dialled = other_side("unsupported certificate")},
    by_name("without a name but the subject's", {}),
    by_name("with wildcards", {"*", "Hand*", "*.Hands"}),
    by_name("of another server's name", {"Holiday"}),
};

// Then their logs are whole.
void stop(Herd& herd) {
    for (const auto& name : herd.names()) herd.kill(name, SIGTERM);
}

// Both at once, so both dial.
void start_with(Herd& herd, const MadeCertificates& certificates, const Flaws& flaws) {
    certificates.sign("Hands", flaws);
    for (const auto& name : herd.names()) herd.launch(name);
}

}  // namespace

TEST_CASE("tls 20: a certificate that is wrong is refused, and both logs say why",
          "[live][tls_peers]") {
    Herd herd(pair_of_servers());
    const MadeCertificates certificates(herd.file("keys"));
    for (const Wrong& wrong : wrongs) {
        stop(herd);
        const NewLines goloman(herd, "Goloman");
        const NewLines hands(herd, "Hands");
        start_with(herd, certificates, wrong.flaws);
        const auto said = [](const NewLines& log, const std::string& who, const std::string& text) {
            return text.empty() || log.come(who, text);
        };
        INFO(wrong.name);
        CHECK(said(goloman, " from=127.0.0.1:", wrong.goloman_dialled));
        CHECK(said(hands, " neighbour=Goloman ", wrong.hands_dialling));
        CHECK(said(goloman, " neighbour=Hands ", wrong.goloman_dialling));
        CHECK(said(hands, " from=127.0.0.1:", wrong.hands_dialled));
        INFO(goloman.text() << hands.text());
        // What was said with that certificate was not heard.
        CHECK(goloman.count("event=neighbour_connected", "") == 0);
        CHECK(goloman.count("event=link_up", "") == 0);
    }
}

TEST_CASE("tls 20: who is refused dials again, and says so once, and once more with a new reason",
          "[live][tls_peers]") {
    Herd herd(pair_of_servers());
    const MadeCertificates certificates(herd.file("keys"));
    stop(herd);
    const NewLines goloman(herd, "Goloman");
    const NewLines hands(herd, "Hands");
    start_with(herd, certificates, {.stranger = true});
    CHECK(eventually([&] { return goloman.count(" from=127.0.0.1:", why_unknown) >= 4; }));
    CHECK(hands.come(" neighbour=Goloman ", other_side("unknown ca")));
    check_told_once(hands.reasons(" neighbour=Goloman "), other_side("unknown ca"));
    CHECK(goloman.come(" neighbour=Hands ", why_unknown));
    check_told_once(goloman.reasons(" neighbour=Hands "), why_unknown);
    herd.kill("Hands", SIGTERM);
    certificates.sign("Hands", {.names = std::vector<std::string>{"Holiday"}});
    herd.start("Hands");
    CHECK(goloman.come(" neighbour=Hands ", why("hostname mismatch")));
    herd.kill("Hands", SIGTERM);
    certificates.sign("Hands", {});
    herd.start("Hands");
    CHECK(goloman.come("event=link_up", " neighbour=Hands "));
    const auto reasons = goloman.reasons(" neighbour=Hands ");
    check_told_once(reasons, why_unknown);
    check_told_once(reasons, why("hostname mismatch"));
    CHECK(std::ranges::find(reasons, why_unknown) <
          std::ranges::find(reasons, why("hostname mismatch")));
}

TEST_CASE("tls 20: a stranger who says all at once hears why, each of a hundred times",
          "[live][tls_peers]") {
    const SealedServer server;
    const MadeCertificates certificates(server.keys());
    certificates.sign("Hands", {.stranger = true});
    const std::string files = server.keys() + "/Hands";
    int told = 0;
    for (int i = 0; i < 100; ++i) {
        SealedClient stranger(server.peer_port(),
                              {.certificate = files + ".crt", .key = files + ".key"});
        std::string all = stranger.shake_but_last();
        all += stranger.seal(std::string(hello) + "STATUS\n");
        stranger.put(all);
        if (stranger.read_all().empty() && stranger.ending() == "tlsv1 alert unknown ca") ++told;
    }
    CHECK(told == 100);
    CHECK(server.counter("handshakes_refused") == 100);
}

TEST_CASE("tls 20: without a certificate, or with TLS 1.2, nobody learns anything",
          "[live][tls_peers]") {
    const SealedServer server;
    SealedClient nobody(server.peer_port());
    REQUIRE(nobody.shake());
    nobody.say("STATUS\n");
    CHECK(nobody.read_all().empty());
    CHECK_THAT(nobody.ending(), Contains("certificate required"));
    const std::string files = server.keys() + "/Goloman";
    SealedClient old(server.peer_port(),
                     {.certificate = files + ".crt", .key = files + ".key", .old = true});
    CHECK_FALSE(old.shake());
    CHECK_THAT(old.ending(), Contains("protocol version"));
}

TEST_CASE("tls 21: another server's name is refused, and the one that has it keeps its link",
          "[live][tls_peers]") {
    Herd herd(pair_of_servers());
    const MadeCertificates certificates(herd.file("keys"));
    certificates.sign("Holiday", {});
    const std::string files = herd.file("keys/Holiday");
    const NewLines goloman(herd, "Goloman");
    SealedClient holiday(herd.peer_port("Goloman"),
                         {.name = "Goloman", .certificate = files + ".crt", .key = files + ".key"});
    REQUIRE(holiday.shake());
    holiday.say(hello);
    CHECK(holiday.read_all() == "ERR 506 that is not the name of your certificate\n");
    CHECK(holiday.ending() == "close notify");
    const std::string answer = herd.ask("Hands", "IAMAT kiwi +34.0-118.4 1520023934") + "\n";
    CHECK(eventually([&] { return herd.line_of("Goloman", "kiwi") + "\n" == answer; }));
    CHECK(goloman.count("event=link_down", "") == 0);
    CHECK(goloman.count("event=neighbour_disconnected", "") == 0);
}

TEST_CASE("tls 21: a certificate that says nothing of purposes is as good as one that does",
          "[live][tls_peers]") {
    Herd herd(pair_of_servers());
    const MadeCertificates certificates(herd.file("keys"));
    stop(herd);
    start_with(herd, certificates, {.any_purpose = true});
    for (const auto& name : herd.names()) herd.await_links(name);
}

}  // namespace tls_peers_test
