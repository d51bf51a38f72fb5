#include "herd/keys/examine.hpp"

#include "tests/unit/herd/keys/key_house.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <string>
#include <vector>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace keys_examine_test {

namespace fs = std::filesystem;
using namespace keys_test;
using keys::Purpose;

namespace {

using Texts = std::vector<std::string>;

// Hands's, as it should be.
keys::Wanted right() {
    return {.subject = "Hands",
            .names = {"Hands"},
            .not_before = now_s() - keys::day_s,
            .not_after = now_s() + 100 * keys::day_s};
}

keys::Key key_of_kind(const char* kind, std::size_t bits) {
    return keys::Key(EVP_PKEY_Q_keygen(nullptr, nullptr, kind, bits));
}

// An authority's that may have others below it, which `herd keys` never makes.
keys::Certificate made_by_hand(
    const char* name, EVP_PKEY& key, X509* issuer, EVP_PKEY& signer, int days = 100) {
    keys::Certificate made(X509_new());
    X509_set_version(made.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 7);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -10 * keys::day_s);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), days * keys::day_s);
    const auto* const text = reinterpret_cast<const unsigned char*>(name);
    X509_NAME_add_entry_by_txt(
        X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8, text, -1, -1, 0);
    X509_set_issuer_name(made.get(),
                         X509_get_subject_name(issuer != nullptr ? issuer : made.get()));
    X509_set_pubkey(made.get(), &key);
    X509V3_CTX context{};
    X509V3_set_ctx(&context, made.get(), made.get(), nullptr, nullptr, 0);
    X509_EXTENSION* const is_authority =
        X509V3_EXT_nconf_nid(nullptr, &context, NID_basic_constraints, "critical,CA:TRUE");
    X509_add_ext(made.get(), is_authority, -1);
    X509_EXTENSION_free(is_authority);
    REQUIRE(X509_sign(made.get(), &signer, EVP_sha256()) > 0);
    return made;
}

void write_pem(const fs::path& path, X509& certificate) {
    const auto pem = keys::pem_of(certificate);
    live::write_file(path, std::string(keys::text_of(*pem)));
}

}  // namespace

TEST_CASE("herd check: keys that are right are said to be, with their dates", "[herd][keys]") {
    KeyHouse house;
    house.make();
    fs::remove(house / "ca.key");
    const auto all = keys::examine(house.folder(), house.config());
    REQUIRE(all.size() == 4);
    for (std::size_t i = 0; i < all.size(); ++i) {
        const std::string name = Texts{"ca", "Goloman", "Hands", "operator"}[i];
        const auto certificate = certificate_in(house / (name + ".crt"));
        CHECK(all[i].severity == keys::Severity::ok);
        CHECK(all[i].text == house.folder() + "/" + name + ".crt: until " +
                                 keys::time_text(keys::not_after(*certificate)));
    }
}

TEST_CASE("herd check: the authority's key is noted, and guarded like any other", "[herd][keys]") {
    KeyHouse house;
    house.make();
    const auto all = keys::examine(house.folder(), house.config());
    REQUIRE(all.size() == 5);
    CHECK(all[1].severity == keys::Severity::ok);
    CHECK(all[1].text == house.folder() +
                             "/ca.key: whoever has it can pose as any server: it "
                             "belongs on no server's machine");
    CHECK(house.findings().empty());
    fs::permissions(house / "ca.key", fs::perms(0604));
    CHECK(house.findings() == Texts{"error: ca.key: everybody on this machine can read it"});
    fs::remove(house / "ca.key");
    fs::create_symlink("Hands.key", house / "ca.key");
    CHECK(house.findings() == Texts{"error: ca.key: is a symbolic link"});
}

TEST_CASE("herd check: files of keys that are not there", "[herd][keys]") {
    KeyHouse house;
    CHECK(house.findings() ==
          Texts{"error: " + house.folder() + ": is not there; `herd keys` makes it"});
    house.make();
    const std::string certificate = live::read_file(house / "Hands.crt");
    fs::remove(house / "operator.crt");
    fs::remove(house / "operator.key");
    CHECK(house.findings().empty());

    fs::remove(house / "Hands.crt");
    CHECK(house.findings() ==
          Texts{"error: Hands.crt: is not here, but its key is: herd keys makes it"});
    fs::remove(house / "Hands.key");
    CHECK(house.findings() ==
          Texts{"warning: Hands.crt: is not here, nor is its key: right where the server runs on "
                "another machine"});
    live::write_file(house / "Hands.crt", certificate);
    CHECK(
        house.findings() ==
        Texts{"warning: Hands.key: is not here: right on a machine that only keeps certificates"});

    fs::remove(house / "Hands.crt");
    fs::remove(house / "Goloman.crt");
    fs::remove(house / "Goloman.key");
    CHECK(house.findings().back() == "error: *.crt: no server has a certificate here");
    fs::remove(house / "ca.crt");
    CHECK(house.findings().front() == "error: ca.crt: is not there; `herd keys` makes it");
}

TEST_CASE("herd check: old servers have no keys, and names are looked at first", "[herd][keys]") {
    KeyHouse house;
    house.make();
    house.config().servers.push_back(server("hands"));
    CHECK(house.findings().size() == 1);
    CHECK(house.findings()[0].find("names differ in more than case") != std::string::npos);
    house.config().servers.back().legacy = true;
    CHECK(house.findings().empty());
}

TEST_CASE("herd check: keys that others can read or change", "[herd][keys]") {
    KeyHouse house;
    house.make();
    const auto with_mode = [&](const std::string& file, unsigned bits) {
        const auto before = fs::status(house / file).permissions();
        fs::permissions(house / file, fs::perms(bits));
        auto found = house.findings();
        fs::permissions(house / file, before);
        return found;
    };
    CHECK(with_mode("Hands.key", 0640).empty());
    CHECK(with_mode("Hands.key", 0644) ==
          Texts{"error: Hands.key: everybody on this machine can read it"});
    CHECK(with_mode("Hands.key", 0660) ==
          Texts{"error: Hands.key: others on this machine can change it"});
    CHECK(with_mode("Hands.crt", 0646) ==
          Texts{"error: Hands.crt: others on this machine can change it"});
    CHECK(with_mode("ca.crt", 0664) ==
          Texts{"error: ca.crt: others on this machine can change it"});
    fs::permissions(house.folder(), fs::perms(0755));
    CHECK(house.findings().empty());
    fs::permissions(house.folder(), fs::perms(0777));
    CHECK(house.findings() ==
          Texts{"error: " + house.folder() + ": others on this machine can change what is in it"});
}

TEST_CASE("herd check: files of keys that are something else", "[herd][keys]") {
    KeyHouse house;
    house.make();
    for (const std::string file : {"ca.crt", "Hands.crt", "Hands.key"}) {
        fs::rename(house / file, house / "away");
        fs::create_symlink("away", house / file);
        CHECK(house.findings().front() == "error: " + file + ": is a symbolic link");
        fs::remove(house / file);
        fs::create_directory(house / file);
        CHECK(house.findings().front() == "error: " + file + ": is not a file");
        fs::remove(house / file);
        live::write_secret(house / file, "nothing");
        CHECK(house.findings().front() ==
              "error: " + file + ": holds no " +
                  (file == "Hands.key" ? "private key" : "certificate") + " (PEM)");
        fs::remove(house / file);
        fs::rename(house / "away", house / file);
    }
    CHECK(house.findings().empty());
    const auto key = key_in(house / "Hands.key");
    const keys::Memory pem(BIO_new(BIO_s_mem()));
    PEM_write_bio_PKCS8PrivateKey(
        pem.get(), key.get(), EVP_aes_256_cbc(), "abcd", 4, nullptr, nullptr);
    live::write_secret(house / "Hands.key", std::string(keys::text_of(*pem)));
    CHECK(house.findings() ==
          Texts{"error: Hands.key: is encrypted with a password, which nobody is asked for"});
}

TEST_CASE("herd check: a key that is another's", "[herd][keys]") {
    KeyHouse house;
    house.make();
    fs::copy_file(house / "Goloman.key", house / "Hands.key", fs::copy_options::overwrite_existing);
    CHECK(house.findings() == Texts{"error: Hands.key: is not the key of Hands.crt"});
}

TEST_CASE("herd check: names, purposes and dates of a certificate", "[herd][keys]") {
    KeyHouse house;
    house.make();
    const auto key = keys::make_key();
    keys::Wanted wanted = right();
    const auto found = [&] {
        house.put(wanted, *key);
        fs::permissions(house / "Hands.key", fs::perms(0600));
        return house.findings();
    };
    CHECK(found().empty());

    const std::string none = "error: Hands.crt: has not DNS:Hands among its alternative names";
    for (const Texts& names : {Texts{}, Texts{"Welsh"}, Texts{"*"}, Texts{"Hands."}}) {
        wanted.names = names;
        CHECK(found() == Texts{none});
    }
    wanted.names = {"*.Hands", "Hands"};
    CHECK(found().empty());
    wanted.names = {"Hands", "Goloman"};
    CHECK(found() == Texts{"warning: Hands.crt: has DNS:Goloman, too: with its key one can pose as "
                           "that server"});

    wanted = right();
    wanted.purpose = Purpose::client;
    CHECK(found() == Texts{"error: Hands.crt: is not for servers (extended key usage serverAuth)"});
    wanted.purpose = Purpose::server_only;
    CHECK(found() ==
          Texts{"error: Hands.crt: is not for those who dial (extended key usage clientAuth)"});

    wanted = right();
    const auto told = [](std::int64_t time) { return keys::time_text(time) + ", and it is 2"; };
    wanted.not_after = now_s() - 5;
    CHECK(found().size() == 1);
    CHECK(found()[0].starts_with("error: Hands.crt: has expired at " + told(wanted.not_after)));
    wanted = right();
    wanted.not_before = now_s() + 1'000;
    CHECK(found().size() == 1);
    CHECK(
        found()[0].starts_with("error: Hands.crt: is not valid before " + told(wanted.not_before)));
    wanted = right();
    wanted.not_after = now_s() + 30 * keys::day_s;
    CHECK(found().size() == 1);
    CHECK(found()[0].starts_with("warning: Hands.crt: expires in 30 days or less, at " +
                                 told(wanted.not_after)));
    wanted.not_after = now_s() + 30 * keys::day_s + 1'000;
    CHECK(found().empty());
}

TEST_CASE("herd check: a certificate of somebody else's authority", "[herd][keys]") {
    KeyHouse house;
    house.make();
    KeyHouse other;
    other.make();
    for (const char* const file : {"Hands.crt", "Hands.key"}) {
        fs::copy_file(other / file, house / file, fs::copy_options::overwrite_existing);
    }
    const auto found = house.findings();
    REQUIRE(found.size() == 1);
    CHECK(found[0].starts_with("error: Hands.crt: is not signed by ca.crt ("));

    // While one takes the place of the other, both are believed.
    live::write_file(house / "ca.crt",
                     live::read_file(house / "ca.crt") + live::read_file(other / "ca.crt"));
    CHECK(house.findings().empty());
    house.config().servers.push_back(server("Welsh"));
    CHECK(house.make() == Texts{"Welsh.key", "Welsh.crt"});
    CHECK(house.findings().empty());
}

TEST_CASE("herd check: what stands between a certificate and its authority may stand behind it",
          "[herd][keys]") {
    KeyHouse house;
    house.make();
    const auto key_of_root = keys::make_key();
    const auto key_between = keys::make_key();
    const auto key = keys::make_key();
    const auto root = made_by_hand("root", *key_of_root, nullptr, *key_of_root);
    const auto between = made_by_hand("between", *key_between, root.get(), *key_of_root);
    const auto made = keys::make_certificate(right(), *key, {between.get(), key_between.get()});
    house.put(**made, *key);
    fs::permissions(house / "Hands.key", fs::perms(0600));
    const std::string authorities = live::read_file(house / "ca.crt");
    write_pem(house / "ca.crt", *root);
    live::write_file(house / "ca.crt", authorities + live::read_file(house / "ca.crt"));
    auto found = house.findings();
    REQUIRE(found.size() == 1);
    CHECK(found[0].starts_with("error: Hands.crt: is not signed by ca.crt ("));

    const std::string own = live::read_file(house / "Hands.crt");
    write_pem(house / "Hands.crt", *between);
    live::write_file(house / "Hands.crt", own + live::read_file(house / "Hands.crt"));
    CHECK(house.findings().empty());

    const auto over = made_by_hand("between", *key_between, root.get(), *key_of_root, -1);
    write_pem(house / "Hands.crt", *over);
    live::write_file(house / "Hands.crt", own + live::read_file(house / "Hands.crt"));
    found = house.findings();
    REQUIRE(found.size() == 1);
    CHECK(found[0].starts_with("error: Hands.crt: what stands behind the first: has expired at "));
}

TEST_CASE("herd check: a server's certificate signs no other", "[herd][keys]") {
    KeyHouse house;
    house.make();
    const auto signer = certificate_in(house / "Goloman.crt");
    const auto signer_key = key_in(house / "Goloman.key");
    const auto key = keys::make_key();
    const auto made = keys::make_certificate(right(), *key, {signer.get(), signer_key.get()});
    house.put(**made, *key);
    live::write_file(house / "ca.crt",
                     live::read_file(house / "ca.crt") + live::read_file(house / "Goloman.crt"));
    fs::permissions(house / "Hands.key", fs::perms(0600));
    const auto found = house.findings();
    REQUIRE(found.size() == 2);
    CHECK(found[0] == "error: ca.crt: is no CA's certificate");
    CHECK(found[1].starts_with("error: Hands.crt: is not signed by ca.crt ("));
}

TEST_CASE("herd check: an authority that is none, or not now", "[herd][keys]") {
    KeyHouse house;
    house.make();
    const auto key = key_in(house / "ca.key");
    keys::Wanted wanted{.subject = "herd CA",
                        .purpose = Purpose::authority,
                        .not_before = now_s() - 1'000,
                        .not_after = now_s() - 10};
    const auto found = [&] {
        write_pem(house / "ca.crt", **keys::make_certificate(wanted, *key, {}));
        return house.findings();
    };
    CHECK(found().size() == 1);
    CHECK(found()[0].starts_with("error: ca.crt: has expired at "));
    wanted.not_after = now_s() + keys::day_s;
    CHECK(found().size() == 1);
    CHECK(found()[0].starts_with("warning: ca.crt: expires in 30 days or less, at "));
    wanted.not_after = now_s() + 100 * keys::day_s;
    CHECK(found().empty());
    wanted.purpose = Purpose::server;
    CHECK(found().front() == "error: ca.crt: is no CA's certificate");
}

TEST_CASE("herd check: keys that cost much or protect little", "[herd][keys]") {
    KeyHouse house;
    house.make();
    const auto found = [&](std::size_t bits) {
        const auto key = key_of_kind("RSA", bits);
        REQUIRE(key != nullptr);
        house.put(right(), *key);
        fs::permissions(house / "Hands.key", fs::perms(0600));
        return house.findings();
    };
    const std::string slow =
        "warning: Hands.crt: has an RSA key, with which a handshake takes twice the processor time";
    CHECK(found(2048) == Texts{slow});
    const auto weak = found(1024);
    REQUIRE(weak.size() == 2);
    CHECK(weak[0].starts_with("error: Hands.crt: is not signed by ca.crt ("));
    CHECK(weak[1] == slow);
}

}  // namespace keys_examine_test
