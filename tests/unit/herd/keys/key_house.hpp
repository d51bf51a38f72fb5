#pragma once

#include "herd/keys/certificate.hpp"
#include "herd/keys/examine.hpp"
#include "herd/keys/make.hpp"
#include "tests/live/process.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace keys_test {

namespace config = herd::config;
namespace keys = herd::keys;

inline std::int64_t now_s() {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

inline config::Server server(std::string name) {
    return {.name = std::move(name),
            .clients = reactor::Address::loopback(12'001),
            .peers = reactor::Address::loopback(12'101),
            .neighbours = {}};
}

inline config::Config herd_of(const std::vector<std::string>& names) {
    config::Config config;
    for (const std::string& name : names) config.servers.push_back(server(name));
    return config;
}

inline keys::Certificate certificate_in(const std::filesystem::path& path) {
    auto all = keys::parse_certificates(live::read_file(path));
    REQUIRE(all);
    return std::move((*all).front());
}

inline keys::Key key_in(const std::filesystem::path& path) {
    auto key = keys::parse_key(live::read_file(path));
    REQUIRE(key);
    return std::move(*key);
}

inline unsigned mode_of(const std::filesystem::path& path) {
    return static_cast<unsigned>(std::filesystem::symlink_status(path).permissions());
}

// A folder of keys, for a herd of these servers.
class KeyHouse {
public:
    explicit KeyHouse(const std::vector<std::string>& names = {"Goloman", "Hands"})
        : config_(herd_of(names)) {}

    std::string folder() const { return temporary_ / "keys"; }
    std::filesystem::path operator/(const std::string& file) const {
        return temporary_ / "keys" / file;
    }
    config::Config& config() { return config_; }

    // What was made, without the folder; fails when not all of it was.
    std::vector<std::string> make(std::uint32_t days = keys::days_usual) {
        std::vector<std::string> made;
        const auto done = keys::make(config_, folder(), days, made);
        INFO((done ? "" : done.error()));
        REQUIRE(done);
        return short_names(made);
    }
    // Why it was not, after what was made.
    std::string trouble(std::vector<std::string>* made_before = nullptr) {
        std::vector<std::string> made;
        const auto done = keys::make(config_, folder(), keys::days_usual, made);
        REQUIRE_FALSE(done);
        if (made_before != nullptr) *made_before = short_names(made);
        return done.error();
    }

    // A certificate of the herd's authority in the place of Hands's.
    void put(const keys::Wanted& wanted, EVP_PKEY& key) const {
        const auto authority = certificate_in(*this / "ca.crt");
        const auto signer = key_in(*this / "ca.key");
        const auto made = keys::make_certificate(wanted, key, {authority.get(), signer.get()});
        REQUIRE(made);
        put(**made, key);
    }
    void put(X509& certificate, EVP_PKEY& key) const {
        const auto text = keys::pem_of(certificate);
        live::write_file(*this / "Hands.crt", std::string(keys::text_of(*text)));
        const auto secret = keys::pem_of(key);
        live::write_file(*this / "Hands.key", std::string(keys::text_of(*secret)));
    }

    // All but what is as it should be.
    std::vector<std::string> findings() const {
        std::vector<std::string> all;
        for (const keys::Finding& each : keys::examine(folder(), config_)) {
            if (each.severity == keys::Severity::ok) continue;
            const bool warning = each.severity == keys::Severity::warning;
            std::string text = each.text;
            for (auto at = text.find(folder() + "/"); at != std::string::npos;
                 at = text.find(folder() + "/")) {
                text.erase(at, folder().size() + 1);
            }
            all.push_back((warning ? "warning: " : "error: ") + text);
        }
        return all;
    }

private:
    std::vector<std::string> short_names(const std::vector<std::string>& paths) const {
        std::vector<std::string> names;
        for (const std::string& path : paths) {
            REQUIRE(path.starts_with(folder() + "/"));
            names.push_back(path.substr(folder().size() + 1));
        }
        return names;
    }

    live::TemporaryFolder temporary_;
    config::Config config_;
};

}  // namespace keys_test
