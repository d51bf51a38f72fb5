// What `herd check` says of a configuration.
#include "tests/live/one_server.hpp"
#include "tests/live/process.hpp"
#include "tests/live/three_servers.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <sstream>
#include <string>

namespace check_live_test {

namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;
using live::config_with;
using live::herd_binary;
using live::Process;
using live::Ran;
using live::run;
using live::ThreeServers;

}  // namespace

TEST_CASE("herd check: describes servers, graph and limits", "[live][program]") {
    // A limit on connections that every machine allows.
    const live::TemporaryFolder folder;
    const std::string small = live::write_file(folder / "small.json",
                                               config_with(",\n\"limits\": {\"connections\": 10}"));
    const Ran one = run({herd_binary(), "check", "--config", small});
    CHECK(one.code == 0);
    CHECK(one.err.empty());
    CHECK_THAT(one.out, StartsWith(small + ": 1 server, 0 links, diameter 0\n"));
    CHECK_THAT(one.out, EndsWith("\n" + small + ": right\n"));
    // Only what is not as usual; all of it where that is asked for.
    const std::string connections =
        "  connections of clients (1 to 2000000; default 10000; restart)\n";
    const std::string line_max = "(128 to 60000 bytes; restart)\n";
    CHECK_THAT(one.out, Contains("settings that are not as usual:\n  limits.connections  10  "));
    CHECK_THAT(one.out, Contains(connections) && !Contains(line_max));
    const Ran all = run({herd_binary(), "check", "--all", "--config", small});
    CHECK_THAT(all.out, Contains("\nsettings:\n") && Contains(connections) && Contains(line_max));
    CHECK_THAT(all.out, EndsWith("\n" + small + ": right\n"));

    const Ran five = run({herd_binary(), "check"});
    CHECK_THAT(five.out, StartsWith("built-in: 5 servers, 6 links, diameter 3\n"));
    CHECK_THAT(five.out, !Contains("settings"));
    CHECK_THAT(five.out,
               Contains("\nwarning: without Holiday no links lead from Goloman to Welsh\n"));
    CHECK_THAT(five.out,
               Contains("Goloman  clients 127.0.0.1:12001  peers 127.0.0.1:12101  -- Hands, "
                        "Holiday, Wilkes\n      http 127.0.0.1:12201\n"));
    CHECK_THAT(five.out, Contains("memory of a server: at most "));
    CHECK_THAT(five.out, Contains(" of it the table; taken when it is needed\n"));
    CHECK_THAT(five.out, Contains("open files of a server: at most "));

    const ThreeServers herd;
    const Ran row = run(herd.command({"check"}));
    CHECK_THAT(row.out, Contains("warning: without Beta no links lead from Alpha to Gamma\n"));
}

TEST_CASE("herd check: tells of every port that a server listens at", "[live][program]") {
    const live::TemporaryFolder folder;
    const std::string config = live::write_file(folder / "doors.json", R"({"servers": [
        {"name": "A", "clients": "127.0.0.1:12001", "peers": "127.0.0.1:12101",
         "clients_tls": "127.0.0.1:12011", "http": "127.0.0.1:12201", "https": "[::1]:12211",
         "phones": "127.0.0.1:12301", "phones_tls": "127.0.0.1:12311", "udp": "127.0.0.1:12401"},
        {"name": "B", "clients": "127.0.0.1:12002", "peers": "127.0.0.1:12102"}],
        "links": [["A", "B"]], "keys": "/nonexistent", "limits": {"connections": 10}})");
    const Ran ran = run({herd_binary(), "check", "--config", config});
    CHECK_THAT(ran.out,
               Contains("  -- B\n      clients_tls 127.0.0.1:12011, http 127.0.0.1:12201, "
                        "https [::1]:12211, phones 127.0.0.1:12301, phones_tls 127.0.0.1:12311, "
                        "udp 127.0.0.1:12401\n  B  clients 127.0.0.1:12002"));
}

TEST_CASE("herd check: a herd in parts is warned of", "[live][program]") {
    const live::TemporaryFolder folder;
    const std::string config = live::write_file(folder / "parts.json", R"({"servers": [
        {"name": "A", "clients": "127.0.0.1:12001", "peers": "127.0.0.1:12101"},
        {"name": "B", "clients": "127.0.0.1:12002", "peers": "127.0.0.1:12102"}],
        "limits": {"connections": 10}})");
    const Ran ran = run({herd_binary(), "check", "--config", config});
    CHECK_THAT(ran.out, StartsWith(config + ": 2 servers, 0 links, in parts\n"));
    CHECK_THAT(
        ran.out,
        EndsWith("\nwarning: no links lead from A to B\n" + config + ": right, with 1 warning\n"));
}

TEST_CASE("herd check: who needs no token, and may come from elsewhere, is warned of",
          "[live][program]") {
    const live::TemporaryFolder folder;
    const auto warned = [&](const std::string& clients, const std::string& http) {
        const std::string config = live::write_file(
            folder / "open.json",
            R"({"servers": [{"name": "A", "peers": "127.0.0.1:12101", "clients": ")" + clients +
                R"(", "http": ")" + http + R"("}], "limits": {"connections": 10}})");
        const Ran ran = run({herd_binary(), "check", "--config", config});
        CHECK(ran.code == 0);
        const std::string begin = "warning: whoever reaches A (";
        const std::size_t at = ran.out.find(begin);
        if (at == std::string::npos) return std::string();
        const std::size_t names = at + begin.size();
        return ran.out.substr(names, ran.out.find(')', names) - names);
    };
    CHECK(warned("127.0.0.1:12001", "[::1]:12201") == "");
    CHECK(warned("0.0.0.0:12001", "127.0.0.1:12201") == "clients");
    CHECK(warned("10.1.2.3:12001", "[::]:12201") == "clients, http");
}

TEST_CASE("herd check: what is wrong comes last, and is counted", "[live][program]") {
    const live::TemporaryFolder folder;
    const std::string config = live::write_file(folder / "parts.json", R"({"servers": [
        {"name": "A", "clients": "127.0.0.1:12001", "peers": "127.0.0.1:12101"},
        {"name": "B", "clients": "127.0.0.1:12002", "peers": "127.0.0.1:12102"}],
        "access": {"secret_file": "/nonexistent"}})");
    const Ran ran = run({herd_binary(), "check", "--config", config}, {.descriptors = 1000});
    CHECK(ran.code == 1);
    CHECK_THAT(
        ran.out,
        EndsWith("\nwarning: no links lead from A to B\n"
                 "error: too few open files are allowed (ulimit -n): no server would start; see "
                 "limits.connections\n"
                 "error: no server would start: access.secret file /nonexistent: is not there; "
                 "`herd token --make-secret` makes one for all servers\n" +
                 config + ": right, but not for this machine as it is: 2 errors, 1 warning\n"));
}

#if !defined(__SANITIZE_ADDRESS__)  // which maps memory of its own
TEST_CASE("herd check: the memory it tells of is what a server maps", "[live][program]") {
    const auto number_behind = [](const std::string& text, const std::string& words) {
        const std::size_t at = text.find(words);
        return at == std::string::npos ? 0 : std::stol(text.substr(at + words.size()));
    };
    const auto limits = GENERATE(as<std::string>(),
                                 "",
                                 "\"clients\": 3000000",
                                 "\"blocks\": 300000",
                                 "\"connections\": 900, \"places_body_max\": 1000000",
                                 "\"long_records\": 20000, \"line_max\": 60000");
    const ThreeServers herd(",\n\"limits\": {" + limits + "}");
    Process alpha(herd.serve("Alpha"));
    REQUIRE(alpha.says("Alpha: clients on "));
    const auto status = live::read_file("/proc/" + std::to_string(alpha.pid()) + "/status");
    const long mapped_kib = number_behind(status, "VmData:");
    const long told_kib =
        1024 * number_behind(run(herd.command({"check"})).out, "memory of a server: at most ");
    CAPTURE(limits, mapped_kib, told_kib);
    constexpr long library_kib = 16L * 1024;
    CHECK(told_kib > mapped_kib - library_kib);
    CHECK(told_kib < mapped_kib + mapped_kib / 20);
}
#endif

TEST_CASE("herd check: a key that no server could read is an error", "[live][program]") {
    const live::TemporaryFolder folder;
    const std::string key = folder / "key";
    const auto config = live::write_file(folder / "herd.json",
                                         config_with(R"(, "limits": {"connections": 10},
            "places": {"provider": "google", "key_file": ")" +
                                                     key + "\"}"));
    const auto refused = [&] {
        const Ran ran = run({herd_binary(), "check", "--config", config});
        const bool told = ran.out.find("error: no server would start: places.key_file: " + key) !=
                          std::string::npos;
        CHECK(ran.code == (told ? 1 : 0));
        return told;
    };
    CHECK(refused());
    live::write_file(key, "secret\n");
    std::filesystem::permissions(key, std::filesystem::perms{0644});
    CHECK(refused());
    live::write_secret(key, "secret\n");
    CHECK_FALSE(refused());
}

TEST_CASE("herd check: folders in which no log or journal can be written are errors",
          "[live][program]") {
    const live::TemporaryFolder folder;
    live::write_file(folder / "file", "");
    std::filesystem::create_directory(folder / "there");
    const auto errors = [&](const std::string& log, const std::string& journal) {
        const std::string config =
            live::write_file(folder / "herd.json",
                             config_with(R"(, "limits": {"connections": 10}, "log": {"folder": ")" +
                                         log + R"("}, "journal": {"folder": ")" + journal + "\"}"));
        const Ran ran = run({herd_binary(), "check", "--config", config});
        std::string found;
        std::istringstream lines(ran.out);
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with("error: ")) found += line.substr(7) + "\n";
        }
        CHECK(ran.code == (found.empty() ? 0 : 1));
        return found;
    };
    const std::string there = folder / "there";
    CHECK(errors(there, there) == "");
    CHECK(errors("-", "") == "");
    // A server makes a folder that is missing, and none around that.
    CHECK(errors(folder / "new", folder / "new") == "");
    CHECK_FALSE(std::filesystem::exists(folder / "new"));
    const std::string deep = folder / "no/such";
    CHECK(errors(deep, "") ==
          "no server would start: log " + deep +
              "/A.log: No such file or directory; log.folder names a folder that whoever runs a "
              "server may write in (mkdir -p, chown)\n");
    CHECK(errors(there, deep) ==
          "a server would keep positions in memory only: journal " + deep +
              "/A.journal: No such file or directory; journal.folder names a folder that whoever "
              "runs a server may write in (mkdir -p, chown)\n");
    const auto journal_in = [&](const std::string& name) {
        const std::string text = errors(there, folder / name);
        return text.substr(0, text.find(';'));
    };
    const auto why = [&](const std::string& name, const std::string& what) {
        return "a server would keep positions in memory only: journal " + (folder / name).string() +
               ": " + what;
    };
    CHECK(journal_in("file") == why("file", "it is not a folder"));
    CHECK(journal_in("file/deep") == why("file", "it is not a folder"));
    std::filesystem::create_symlink(folder / "nowhere", folder / "stray");
    for (const std::string name : {"stray", "stray/deep"}) {
        CHECK(journal_in(name) == why("stray", "it is a symbolic link that leads nowhere"));
    }
    std::filesystem::create_symlink(folder / "file", folder / "there/A.journal");
    CHECK(errors(there, there).find("A.journal: it is a symbolic link") != std::string::npos);
}

TEST_CASE("herd check: more memory than the machine has is told, and what would fit",
          "[live][program]") {
    const live::TemporaryFolder folder;
    const auto check = [&](const std::string& rest) {
        const std::string config = live::write_file(
            folder / "herd.json",
            config_with(", \"log\": {\"folder\": \"-\"}, \"limits\": {\"connections\": 10, " +
                        rest));
        return run({herd_binary(), "check", "--config", config});
    };
    const Ran warned = check("\"clients\": 500000000}");
    CHECK(warned.code == 0);
    CHECK_THAT(warned.out,
               Contains("\nwarning: a server with all of its clients needs ") &&
                   EndsWith(": right, with 1 warning\n"));
    const Ran refused = check("\"clients\": 500000000}, \"prefault\": true");
    CHECK(refused.code == 1);
    CHECK_THAT(refused.out, Contains("\nerror: no server would start: "));
    // And it does not.
    const Ran served = run({herd_binary(), "serve", "A", "--config", folder / "herd.json"});
    CHECK(served.code == 2);
    const std::string cure = "set limits.clients to at most ";
    const std::size_t at = served.err.find(cure);
    REQUIRE(at != std::string::npos);
    const std::uint64_t fits = std::stoull(served.err.substr(at + cure.size()));
    CHECK(check("\"clients\": " + std::to_string(fits) + "}, \"prefault\": true").code == 0);
    CHECK(check("\"clients\": " + std::to_string(fits + 1) + "}, \"prefault\": true").code == 1);
}

TEST_CASE("herd check: what is wrong with a file is one line", "[live][program]") {
    const live::TemporaryFolder folder;
    const std::string bad =
        live::write_file(folder / "bad.json", config_with(",\n\"limits\": {\n\"blocks\": 1}"));
    for (const char* command : {"check", "up"}) {
        const Ran ran = run({herd_binary(), command, "--config", bad});
        CHECK(ran.code == 2);
        CHECK(ran.out.empty());
        CHECK(ran.err == "herd: " + bad +
                             ":4: limits.blocks: expected a whole number from 16 to 16777216, got "
                             "1\n");
    }
}

}  // namespace check_live_test
