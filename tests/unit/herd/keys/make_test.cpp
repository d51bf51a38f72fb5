#include "herd/keys/make.hpp"

#include "tests/unit/herd/keys/key_house.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <openssl/pem.h>

namespace keys_make_test {

namespace fs = std::filesystem;
using namespace keys_test;

namespace {

using Names = std::vector<std::string>;

std::map<std::string, std::string> texts(const std::string& folder) {
    std::map<std::string, std::string> all;
    for (const auto& each : fs::directory_iterator(folder)) {
        all[each.path().filename()] = live::read_file(each.path());
    }
    return all;
}

bool signed_by(const fs::path& certificate, const fs::path& authority) {
    const auto above = certificate_in(authority);
    return X509_verify(certificate_in(certificate).get(), X509_get0_pubkey(above.get())) == 1;
}

}  // namespace

TEST_CASE("herd keys: makes an authority, and a pair for each server and the operator",
          "[herd][keys]") {
    KeyHouse house;
    CHECK(house.make() == Names{"ca.key",
                                "ca.crt",
                                "Goloman.key",
                                "Goloman.crt",
                                "Hands.key",
                                "Hands.crt",
                                "operator.key",
                                "operator.crt"});
    CHECK(texts(house.folder()).size() == 8);
    CHECK(mode_of(house.folder()) == 0700);
    for (const std::string name : {"ca", "Goloman", "Hands", "operator"}) {
        INFO(name);
        CHECK(mode_of(house / (name + ".key")) == 0600);
        CHECK(mode_of(house / (name + ".crt")) == 0644);
        const auto certificate = certificate_in(house / (name + ".crt"));
        CHECK(X509_check_private_key(certificate.get(), key_in(house / (name + ".key")).get()) ==
              1);
        CHECK(signed_by(house / (name + ".crt"), house / "ca.crt"));
    }
    CHECK(house.findings().empty());
}

TEST_CASE("herd keys: run again, it changes nothing that is there", "[herd][keys]") {
    KeyHouse house;
    house.make();
    const auto before = texts(house.folder());
    CHECK(house.make().empty());
    CHECK(texts(house.folder()) == before);

    house.config().servers.push_back(server("Welsh"));
    CHECK(house.make() == Names{"Welsh.key", "Welsh.crt"});
    auto after = texts(house.folder());
    after.erase("Welsh.key");
    after.erase("Welsh.crt");
    CHECK(after == before);
    CHECK(house.findings().empty());
}

TEST_CASE("herd keys: an old server gets none", "[herd][keys]") {
    KeyHouse house;
    house.config().servers[1].legacy = true;
    house.make();
    CHECK(fs::exists(house / "Goloman.crt"));
    CHECK_FALSE(fs::exists(house / "Hands.crt"));
    CHECK_FALSE(fs::exists(house / "Hands.key"));
}

TEST_CASE("herd keys: without the authority's key it signs nothing, and needs none for nothing",
          "[herd][keys]") {
    KeyHouse house;
    house.make();
    fs::rename(house / "ca.key", house / "away");
    CHECK(house.make().empty());

    house.config().servers.push_back(server("Welsh"));
    house.config().servers.push_back(server("Wilkes"));
    Names made;
    CHECK(house.trouble(&made) == house.folder() +
                                      "/ca.key: is not here, and has to sign Welsh.crt, Wilkes.crt:"
                                      " put it back for as long as that takes");
    CHECK(made.empty());
    fs::rename(house / "away", house / "ca.key");
    CHECK(house.make() == Names{"Welsh.key", "Welsh.crt", "Wilkes.key", "Wilkes.crt"});
    CHECK(house.findings().empty());
}

TEST_CASE("herd keys: certificates need not have their keys beside them", "[herd][keys]") {
    KeyHouse house;
    house.make();
    const auto elsewhere = [&] { return keys::keys_elsewhere(house.config(), house.folder()); };
    CHECK(elsewhere().empty());
    fs::remove(house / "Hands.key");
    fs::remove(house / "ca.key");
    CHECK(house.make().empty());
    CHECK(elsewhere() == Names{"Hands.key"});
    // Without its certificate it is lacking, and made.
    fs::remove(house / "Hands.crt");
    CHECK(elsewhere().empty());
    fs::remove_all(house.folder());
    CHECK(elsewhere().empty());
}

TEST_CASE("herd keys: no second authority is made beside what the first has signed",
          "[herd][keys]") {
    KeyHouse house;
    house.make();
    const std::string key = live::read_file(house / "ca.key");
    fs::remove(house / "ca.crt");
    fs::remove(house / "ca.key");
    CHECK(house.trouble().starts_with(house.folder() + "/ca.crt: is not here, but "));
    CHECK_FALSE(fs::exists(house / "ca.key"));

    // With its key it is the same authority as before.
    live::write_secret(house / "ca.key", key);
    CHECK(house.make() == Names{"ca.crt"});
    CHECK(house.findings().empty());
}

TEST_CASE("herd keys: goes on where a run ended half-way", "[herd][keys]") {
    KeyHouse house;
    house.make();
    const std::string key = live::read_file(house / "Hands.key");
    fs::remove(house / "Hands.crt");
    CHECK(house.make() == Names{"Hands.crt"});
    CHECK(live::read_file(house / "Hands.key") == key);
    CHECK(house.findings().empty());

    for (const auto& [name, text] : texts(house.folder())) {
        if (name != "ca.key") fs::remove(house / name);
    }
    CHECK(house.make().front() == "ca.crt");
    CHECK(house.findings().empty());
}

TEST_CASE("herd keys: what is in the way is named", "[herd][keys]") {
    KeyHouse house;
    house.make();
    house.config().servers.push_back(server("Welsh"));
    const auto in_the_way = [&](const std::string& file) {
        std::string why = house.trouble();
        const std::string path = house.folder() + "/" + file + ": ";
        INFO(why);
        CHECK(why.starts_with(path));
        return why.substr(path.size());
    };

    SECTION("an authority's key that everybody can read") {
        fs::permissions(house / "ca.key", fs::perms(0644));
        CHECK(in_the_way("ca.key") ==
              "others on this machine can read or change it: it is no secret (chmod 600)");
    }
    SECTION("an authority's key with a password") {
        const auto key = key_in(house / "ca.key");
        const keys::Memory pem(BIO_new(BIO_s_mem()));
        REQUIRE(PEM_write_bio_PKCS8PrivateKey(
                    pem.get(), key.get(), EVP_aes_256_cbc(), "abcd", 4, nullptr, nullptr) == 1);
        live::write_secret(house / "ca.key", std::string(keys::text_of(*pem)));
        CHECK(in_the_way("ca.key") == "is encrypted with a password, which nobody is asked for");
    }
    SECTION("another authority's key") {
        const auto other = keys::pem_of(*keys::make_key());
        live::write_secret(house / "ca.key", std::string(keys::text_of(*other)));
        CHECK(in_the_way("ca.key") ==
              "is not the key of the certificate in " + house.folder() + "/ca.crt");
    }
    SECTION("a certificate that may sign nothing") {
        fs::copy_file(house / "Hands.crt", house / "ca.crt", fs::copy_options::overwrite_existing);
        fs::copy_file(house / "Hands.key", house / "ca.key", fs::copy_options::overwrite_existing);
        CHECK(in_the_way("ca.crt") == "is no CA's certificate");
    }
    SECTION("no certificate at all") {
        live::write_file(house / "ca.crt", "certificate");
        CHECK(in_the_way("ca.crt") == "holds no certificate (PEM)");
    }
    SECTION("an authority that has expired") {
        const auto key = key_in(house / "ca.key");
        const auto old = keys::make_certificate({.subject = "herd CA",
                                                 .purpose = keys::Purpose::authority,
                                                 .not_before = now_s() - 1'000,
                                                 .not_after = now_s() - 10},
                                                *key,
                                                {});
        const auto pem = keys::pem_of(**old);
        live::write_file(house / "ca.crt", std::string(keys::text_of(*pem)));
        CHECK(in_the_way("ca.crt").starts_with("has expired at 2"));
    }
    SECTION("a server's key that is a link") {
        fs::create_symlink("Hands.key", house / "Welsh.key");
        CHECK(in_the_way("Welsh.key") == "is a symbolic link");
    }
    CHECK_FALSE(fs::exists(house / "Welsh.crt"));
}

TEST_CASE("herd keys: a name that no certificate can have stops it before anything is made",
          "[herd][keys]") {
    KeyHouse house({"Goloman", "CA"});
    CHECK(house.trouble().starts_with("server \"CA\": "));
    CHECK_FALSE(fs::exists(house.folder()));
}

TEST_CASE("herd keys: nothing outlives the authority", "[herd][keys]") {
    KeyHouse house({"Goloman"});
    house.make(1);
    const auto authority = certificate_in(house / "ca.crt");
    const auto first = certificate_in(house / "Goloman.crt");
    CHECK(keys::not_after(*first) - keys::not_before(*first) == 2 * keys::day_s);
    CHECK(keys::not_after(*authority) > now_s() + 7'299 * keys::day_s);
    house.config().servers.push_back(server("Hands"));
    house.make(keys::days_max);
    CHECK(keys::not_after(*certificate_in(house / "Hands.crt")) == keys::not_after(*authority));
}

TEST_CASE("herd keys: several at once make one set that fits", "[herd][keys]") {
    KeyHouse house({"A", "B", "C", "D", "E"});
    for (int round = 0; round < 10; ++round) {
        fs::remove_all(house.folder());
        std::vector<std::thread> all;
        std::vector<Names> made(4);
        for (Names& mine : made) {
            all.emplace_back([&] {
                const auto done =
                    keys::make(house.config(), house.folder(), keys::days_usual, mine);
                static_cast<void>(done);  // Those who come second may find a name taken.
            });
        }
        for (std::thread& each : all) each.join();
        house.make();
        Names together;
        for (const Names& each : made) together.insert(together.end(), each.begin(), each.end());
        std::ranges::sort(together);
        CHECK(std::ranges::adjacent_find(together) == together.end());
        CHECK(texts(house.folder()).size() == 14);
        CHECK(house.findings().empty());
    }
}

}  // namespace keys_make_test
