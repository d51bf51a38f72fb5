#include "tests/live/process.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <string>
#include <vector>

// `herd keys` and `herd check --keys` as programs, and what OpenSSL's own program says of what they
// make.
namespace keys_live_test {

namespace fs = std::filesystem;
using live::herd_binary;
using live::Ran;
using live::run;
using live::TemporaryFolder;
using live::write_file;

namespace {

bool contains(const std::string& text, const std::string& part) {
    INFO(text);
    return text.find(part) != std::string::npos;
}

std::string herd_with(const std::string& more) {
    return R"({"servers": [
        {"name": "Goloman", "clients": "127.0.0.1:12001", "peers": "127.0.0.1:12101"},
        {"name": "Hands", "clients": "10.0.0.7:12001", "peers": "10.1.0.7:12101"})" +
           more + "]}";
}

// Where OpenSSL's program is; empty, and a warning, where there is none.
std::string openssl_program() {
    for (const std::string path : {"/usr/bin/openssl", "/usr/local/bin/openssl", "/bin/openssl"}) {
        if (fs::exists(path)) return path;
    }
    WARN("openssl is not installed: not tried");
    return {};
}

}  // namespace

TEST_CASE("herd keys: makes what is lacking, and says what is next", "[live][keys]") {
    const TemporaryFolder place;
    const std::string folder = place / "k";
    const std::string config = write_file(place / "herd.json", herd_with(""));
    const std::vector<std::string> command = {herd_binary(), "keys", folder, "--config", config};
    const Ran first = run(command);
    CHECK(first.code == 0);
    CHECK(first.err.empty());
    CHECK(first.out ==
          "made " + folder + "/ca.key\nmade " + folder + "/ca.crt\nmade " + folder +
              "/Goloman.key\nmade " + folder + "/Goloman.crt\nmade " + folder +
              "/Hands.key\nmade " + folder + "/Hands.crt\nmade " + folder + "/operator.key\nmade " +
              folder +
              "/operator.crt\n"
              "next: copy ca.crt, NAME.crt and NAME.key to the machine of each server NAME, and "
              "move ca.key to where no server is\n"
              "next: put \"keys\": \"" +
              folder + "\" into the configuration\n");

    const Ran again = run(command);
    CHECK(again.code == 0);
    CHECK(again.out == folder + ": nothing is to be made\n");

    // These may be where they belong.
    fs::remove(folder + "/Hands.key");
    fs::remove(folder + "/operator.key");
    const Ran elsewhere = run(command);
    CHECK(elsewhere.code == 0);
    CHECK(elsewhere.out == folder + ": nothing is to be made\n" + folder +
                               ": not here, though their certificates are: Hands.key, "
                               "operator.key; if one is not on its machine either, remove its "
                               ".crt, and run this again\n");
    fs::remove(folder + "/Hands.crt");
    fs::remove(folder + "/operator.crt");
    CHECK(run(command).out.starts_with("made " + folder + "/Hands.key\nmade " + folder +
                                       "/Hands.crt\nmade " + folder + "/operator.key\n"));

    fs::remove(folder + "/ca.key");
    CHECK(run(command).code == 0);
    write_file(place / "herd.json", herd_with(R"(,
        {"name": "Welsh", "clients": "127.0.0.1:12002", "peers": "127.0.0.1:12102"})"));
    const Ran unsigned_one = run(command);
    CHECK(unsigned_one.code == 2);
    CHECK(unsigned_one.out.empty());
    CHECK(unsigned_one.err ==
          "herd: " + folder +
              "/ca.key: is not here, and has to sign Welsh.crt: put it back for "
              "as long as that takes\n");
}

TEST_CASE("herd keys: what the configuration has already is not what is next", "[live][keys]") {
    const TemporaryFolder place;
    const std::string folder = place / "k";
    const auto last_line = [&](const std::string& keys) {
        fs::remove_all(folder);
        std::string text = herd_with("");
        text.insert(1, R"("keys": ")" + keys + R"(", )");
        const std::string config = write_file(place / "herd.json", text);
        const std::string out = run({herd_binary(), "keys", folder, "--config", config}).out;
        return out.substr(out.rfind('\n', out.size() - 2) + 1);
    };
    const std::string copy = "next: copy ca.crt, NAME.crt and NAME.key to ";
    CHECK(last_line(folder).starts_with(copy));
    CHECK(last_line(folder + "/../k/").starts_with(copy));
    CHECK(last_line("/nonexistent") ==
          R"(next: the configuration has "keys": "/nonexistent", so there servers look for theirs)"
          "\n");
}

TEST_CASE("herd check: examines keys, and its exit code says whether they do", "[live][keys]") {
    const TemporaryFolder place;
    const std::string folder = place / "k";
    const std::string config = write_file(place / "herd.json", herd_with(""));
    // With limits that every machine allows.
    const std::vector<std::string> check = {
        herd_binary(), "check", "--config", config, "--keys", folder};
    const Ran none = run(check);
    CHECK(none.code == 1);
    CHECK(
        contains(none.out, "\nerror: keys: " + folder + ": is not there; `herd keys` makes it\n"));

    run({herd_binary(), "keys", folder, "--config", config});
    const Ran right = run(check);
    CHECK(contains(right.out, "\nkeys: " + folder + "/Hands.crt: until 20"));
    CHECK_FALSE(contains(right.out, "error: keys:"));
    CHECK_FALSE(contains(right.out, "warning: keys:"));

    fs::remove(folder + "/Hands.key");
    CHECK(contains(run(check).out, "\nwarning: keys: " + folder + "/Hands.key: is not here"));
    fs::permissions(folder + "/Goloman.key", fs::perms(0644));
    const Ran open = run(check);
    CHECK(open.code == 1);
    CHECK(contains(
        open.out,
        "\nerror: keys: " + folder + "/Goloman.key: everybody on this machine can read it\n"));
}

TEST_CASE("herd keys: OpenSSL's own program takes what it makes", "[live][keys]") {
    const std::string openssl = openssl_program();
    if (openssl.empty()) return;
    const TemporaryFolder place;
    const std::string folder = place / "k";
    const std::string config = write_file(place / "herd.json", herd_with(""));
    REQUIRE(run({herd_binary(), "keys", folder, "--config", config}).code == 0);
    const auto verify = [&](const std::string& name, std::vector<std::string> more) {
        std::vector<std::string> command = {openssl, "verify", "-CAfile", folder + "/ca.crt"};
        command.insert(command.end(), more.begin(), more.end());
        command.push_back(folder + "/" + name + ".crt");
        return run(command).code == 0;
    };
    for (const std::string name : {"Goloman", "Hands"}) {
        INFO(name);
        CHECK(verify(name, {"-x509_strict"}));
        CHECK(verify(name, {"-purpose", "sslserver", "-verify_hostname", name}));
        CHECK(verify(name, {"-purpose", "sslclient"}));
        CHECK_FALSE(verify(name, {"-verify_hostname", "Welsh"}));
    }
    CHECK(verify("Goloman", {"-verify_ip", "127.0.0.1"}));
    CHECK(verify("Hands", {"-verify_ip", "10.1.0.7"}));
    CHECK_FALSE(verify("Hands", {"-verify_ip", "127.0.0.1"}));
    CHECK(verify("operator", {"-purpose", "sslclient", "-x509_strict"}));
    CHECK_FALSE(verify("operator", {"-purpose", "sslserver"}));

    const Ran text = run({openssl, "x509", "-noout", "-text", "-in", folder + "/Hands.crt"});
    CHECK(text.code == 0);
    for (const std::string part : {"Issuer: CN = herd CA",
                                   "Subject: CN = Hands",
                                   "ASN1 OID: prime256v1",
                                   "TLS Web Server Authentication, TLS Web Client Authentication",
                                   "DNS:Hands, IP Address:10.0.0.7, IP Address:10.1.0.7\n"}) {
        CHECK(contains(text.out, part));
    }
    const Ran key = run({openssl, "pkey", "-noout", "-check", "-in", folder + "/Hands.key"});
    CHECK(key.code == 0);
}

TEST_CASE("herd keys: OpenSSL's configuration in the environment changes nothing", "[live][keys]") {
    const TemporaryFolder place;
    const std::string folder = place / "k";
    // Nothing can be computed with this.
    const std::string conf = write_file(place / "openssl.cnf",
                                        "openssl_conf = all\n[all]\nalg_section = none\n"
                                        "[none]\ndefault_properties = provider=nobody\n");
    const std::vector<std::string> environment = {"/usr/bin/env", "OPENSSL_CONF=" + conf};
    const auto with = [&](std::vector<std::string> command) {
        command.insert(command.begin(), environment.begin(), environment.end());
        return run(command);
    };
    const Ran made = with({herd_binary(), "keys", folder});
    CHECK(made.code == 0);
    CHECK(made.err.empty());
    const Ran checked = with({herd_binary(), "check", "--keys", folder});
    CHECK(contains(checked.out, "\nkeys: " + folder + "/Hands.crt: until 20"));
    CHECK_FALSE(contains(checked.out, "error: keys:"));
    if (const std::string openssl = openssl_program(); !openssl.empty()) {
        CHECK(with({openssl, "ecparam", "-name", "prime256v1", "-genkey", "-noout"}).code != 0);
    }
}

}  // namespace keys_live_test
