#include "tests/live/client.hpp"
#include "tests/live/process.hpp"
#include "tests/live/three_servers.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

namespace token_live_test {

using namespace live;

namespace {

namespace fs = std::filesystem;

Ran token(const std::vector<std::string>& words) {
    std::vector<std::string> command = {herd_binary(), "token"};
    command.insert(command.end(), words.begin(), words.end());
    return run(command);
}

// A folder with a secret, and tokens as files of it.
struct Desk {
    Desk() { REQUIRE(token({"--make-secret", secret}).code == 0); }

    // The token; its file has that name.
    std::string make(const std::string& name, const std::vector<std::string>& words) const {
        std::vector<std::string> all = {"--secret-file", secret};
        all.insert(all.end(), words.begin(), words.end());
        const Ran made = token(all);
        REQUIRE(made.code == 0);
        const std::string path = write_file(folder / name, made.out);
        fs::permissions(path, fs::perms::owner_read);
        return made.out.substr(0, made.out.size() - 1);
    }

    TemporaryFolder folder;
    std::string secret = folder / "secret";
};

}  // namespace

TEST_CASE("herd token: makes a secret once, for its owner alone", "[live][token]") {
    const Desk desk;
    CHECK(fs::status(desk.secret).permissions() ==
          (fs::perms::owner_read | fs::perms::owner_write));
    const Ran again = token({"--make-secret", desk.secret});
    CHECK(again.code == 2);
    CHECK(again.err.starts_with("herd: " + desk.secret +
                                ": is there already, and stays: for a new secret "));
    CHECK(again.err.ends_with("take the old line out when all have new tokens (docs/access.md)\n"));
    // What has another reason says that.
    const std::string nowhere = desk.folder / "no/such";
    CHECK(token({"--make-secret", nowhere}).err ==
          "herd: " + nowhere + ": No such file or directory\n");
}

TEST_CASE("herd token: shows what it has made, and whether it is good", "[live][token]") {
    const Desk desk;
    const Desk other;
    const std::string bus =
        desk.make("bus", {"--for", "bus-*", "--may", "report", "--until", "2999-12-31"});
    const std::string what =
        "for        \"bus-*\"\nmay        report\nuntil      2999-12-31T00:00:00Z\nsignature  ";
    const Ran good = token({"--show", bus, "--secret-file", desk.secret});
    CHECK(good.code == 0);
    CHECK(good.out == what + "good\n");
    CHECK(token({"--show", bus}).out == what + "not checked, as no secret is given\n");
    const Ran wrong = token({"--show", bus, "--secret-file", other.secret});
    CHECK(wrong.code == 1);
    CHECK(wrong.out == what + "wrong: this herd has not given it\n");
    CHECK(token({"--show", "bus"}).code == 2);
    const Ran read = run({herd_binary(), "token", "--show", "-"}, {.input = bus + "\n"});
    CHECK(read.out == what + "not checked, as no secret is given\n");
}

TEST_CASE("herd token: what is said of a bare name is how one is given", "[live][token]") {
    const Desk desk;
    const Ran bare = token({"kiwi"});
    CHECK(bare.code == 2);
    CHECK(bare.err.find("--help") != std::string::npos);
    const std::string help = token({"--help"}).out;
    CHECK(help.find("behind --for: herd token --for kiwi --until +30d\n") != std::string::npos);
    CHECK(token({"--for", "kiwi", "--until", "+30d", "--secret-file", desk.secret}).code == 0);
}

TEST_CASE("herd token: wrong wishes are refused, and never must be asked for", "[live][token]") {
    const Desk desk;
    for (const std::vector<std::string>& words :
         std::vector<std::vector<std::string>>{{},
                                               {"--for", "c"},
                                               {"--until", "never"},
                                               {"--for", "c", "--until", ""},
                                               {"--for", "c", "--until", "2020-01-01"},
                                               {"--for", "c d", "--until", "never"},
                                               {"--for", "", "--until", "never"},
                                               {"--for", "c", "--until", "never", "--may", "all"},
                                               {"--for", "c", "--until", "never", "--show", "x"}}) {
        std::vector<std::string> all = {"--secret-file", desk.secret};
        all.insert(all.end(), words.begin(), words.end());
        const Ran ran = token(all);
        CHECK(ran.code == 2);
        CHECK(ran.out.empty());
        CHECK_FALSE(ran.err.empty());
    }
    CHECK(token({"--for", "c", "--until", "never"}).code == 2);
    CHECK(token({"--for", "c", "--until", "never", "--secret-file", "/nonexistent"}).code == 2);
}

TEST_CASE("herd send: shows a token first, and says when it is refused", "[live][token]") {
    const Desk desk;
    const ThreeServers herd(",\n\"access\": {\"secret_file\": \"" + desk.secret + "\"}");
    Process alpha(herd.serve("Alpha"));
    REQUIRE(alpha.says("Alpha: clients on "));
    const std::string report = std::string("IAMAT kiwi ") + place + " 1520023934.5";
    const auto send = [&](const std::string& name, const std::string& line) {
        return herd.send("Alpha", {"--token-file", desk.folder / name, line});
    };

    const Ran without = herd.send("Alpha", {report});
    CHECK(without.out == "? " + report + "\n");
    CHECK(without.err == "herd: ?: clients need a token (--token-file)\n");
    const std::string good = desk.make("good", {"--for", "kiwi", "--until", "+1d"});
    const Ran taken = send("good", report);
    CHECK(taken.code == 0);
    CHECK(taken.out.starts_with("AT Alpha +"));
    CHECK(taken.err.empty());

    std::string bad = good;
    char& changed = bad[bad.size() - 5];
    changed = changed == 'A' ? 'B' : 'A';
    write_file(desk.folder / "bad", bad + "\n");
    fs::permissions(desk.folder / "bad", fs::perms::owner_read);
    const Ran refused = send("bad", report);
    CHECK(refused.code == 1);
    CHECK(refused.out == "? " + report + "\n");
    CHECK(refused.err ==
          "herd: the server refuses the token: the token is not good, or not for that, or is "
          "nothing without TLS: `herd token --show -` says what it grants\n");
    // Of another client.
    const Ran foreign = send("good", "WHATSAT emu 1 1");
    CHECK(foreign.code == 1);
    CHECK(foreign.err ==
          "herd: ?: its token does not grant that (`herd token --show -` says what it does), or "
          "nothing is known of that client, or not any more (ttl_s)\n");

    fs::permissions(desk.folder / "good", fs::perms::owner_read | fs::perms::others_read);
    CHECK(send("good", report).code == 2);
    CHECK(send("missing", report).code == 2);

    const Ran checked = run(herd.command({"check"}));
    CHECK(checked.out.find("access: clients need a token; the secret has 1 line\n") !=
          std::string::npos);
    fs::permissions(desk.secret, fs::perms::owner_read | fs::perms::others_read);
    const Ran careless = run(herd.serve("Beta"));
    CHECK(careless.code == 2);
    CHECK(careless.err == "Beta: access.secret file " + desk.secret +
                              ": everybody on this machine can read or change it (chmod 600)\n");
}

TEST_CASE("herd serve: SIGHUP without a secret's line ends what its tokens have granted",
          "[live][token]") {
    const Desk desk;
    const Desk other;
    const ThreeServers herd(",\n\"access\": {\"secret_file\": \"" + desk.secret + "\"}");
    const std::string old_line = read_file(desk.secret);
    const std::string good = desk.make("good", {"--for", "kiwi", "--until", "never"});
    write_file(desk.secret, read_file(other.secret) + old_line);
    const std::string newer = desk.make("newer", {"--for", "kiwi", "--until", "never"});
    Process alpha(herd.serve("Alpha"));
    REQUIRE(alpha.says("Alpha: clients on "));
    Client goes(herd.clients[0]);
    Client stays(herd.clients[0]);
    REQUIRE(goes.ask("AUTH kiwi " + good).starts_with("AUTH Alpha kiwi "));
    REQUIRE(stays.ask("AUTH kiwi " + newer).starts_with("AUTH Alpha kiwi "));
    CHECK(goes.ask("IAMAT kiwi +1-1 1").starts_with("AT Alpha "));
    write_file(desk.secret, read_file(other.secret));
    alpha.signal(SIGHUP);
    const std::string line = "IAMAT kiwi +1-1 2";
    CHECK(eventually([&] { return goes.ask(line) == "? " + line + "\n"; }));
    CHECK(stays.ask("IAMAT kiwi +1-1 3").starts_with("AT Alpha "));
    const auto log = herd.folder / "log" / "Alpha.log";
    CHECK(eventually([&] {
        return read_file(log).find("event=grants_ended connections=1 streams=0") !=
               std::string::npos;
    }));
}

}  // namespace token_live_test
