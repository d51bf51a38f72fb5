#include "herd/keys/make.hpp"

#include "herd/keys/certificate.hpp"
#include "herd/keys/files.hpp"
#include "herd/keys/names.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <cassert>
#include <string_view>
#include <utility>

#include <openssl/x509.h>

namespace herd::keys {

namespace {

constexpr std::int64_t authority_days = 7'300;

// What one server's certificate says of where it is.
Wanted wanted_for(const config::Server& server) {
    Wanted wanted{.subject = server.name, .names = {server.name}};
    bool loopback = false;
    std::vector<reactor::Address> all;
    if (server.takes_clients()) all.push_back(server.clients);
    all.push_back(server.peers);
    for (const auto& port : {server.clients_tls, server.https, server.phones_tls}) {
        if (port) all.push_back(*port);
    }
    for (const reactor::Address& address : all) {
        loopback = loopback || address.is_loopback();
        if (address.is_wildcard()) continue;
        const auto same = [&](const reactor::Address& other) {
            return other.v6 == address.v6 && other.bytes == address.bytes;
        };
        if (std::ranges::none_of(wanted.addresses, same)) wanted.addresses.push_back(address);
    }
    if (!server.peers_name.empty()) wanted.names.push_back(server.peers_name);
    if (loopback) wanted.names.emplace_back("localhost");
    return wanted;
}

// All that the authority is to sign.
std::vector<Wanted> all_wanted(const config::Config& config) {
    std::vector<Wanted> all;
    for (const config::Server& server : config.servers) {
        if (!server.legacy) all.push_back(wanted_for(server));
    }
    const std::string name(operator_name);
    all.push_back({.subject = name, .purpose = Purpose::client, .names = {name}});
    return all;
}

// One run of `herd keys`.
class Making {
public:
    Making(Folder folder, std::int64_t days, std::vector<std::string>& made)
        : folder_(std::move(folder)), now_(reactor::sys::wall_s()), days_(days), made_(made) {}

    Outcome<> make(const config::Config& config);

private:
    void find_lacking(const config::Config& config);
    std::string lacking_names() const;
    Outcome<> have_authority();
    Outcome<> make_authority();
    Outcome<> read_authority();
    Outcome<> make_one(Wanted wanted);
    Outcome<Key> have_key(std::string_view name);
    Outcome<Key> read_key(std::string_view name) const;
    Outcome<> add(const std::string& file, std::string_view text, Mode mode);
    bool has_certificate(std::string_view name) const {
        return folder_.has(certificate_file(name));
    }

    const Folder folder_;
    const std::int64_t now_;  // seconds
    const std::int64_t days_;
    std::vector<std::string>& made_;
    std::vector<Wanted> lacking_;
    std::string there_;  // a certificate that the authority should have signed; empty: none
    Key authority_key_;
    Certificate authority_;
};

void Making::find_lacking(const config::Config& config) {
    for (Wanted& wanted : all_wanted(config)) {
        if (has_certificate(wanted.subject)) {
            there_ = folder_.path_of(certificate_file(wanted.subject));
        } else {
            lacking_.push_back(std::move(wanted));
        }
    }
}

std::string Making::lacking_names() const {
    std::string names;
    for (const Wanted& each : lacking_) {
        names += (names.empty() ? "" : ", ") + certificate_file(each.subject);
    }
    return names;
}

Outcome<> Making::make(const config::Config& config) {
    find_lacking(config);
    if (lacking_.empty() && has_certificate(authority_name)) return {};
    if (auto had = have_authority(); !had) return had;
    for (Wanted& wanted : lacking_) {
        if (auto done = make_one(std::move(wanted)); !done) return done;
    }
    return {};
}

Outcome<> Making::have_authority() {
    const std::string key = key_file(authority_name);
    const std::string certificate = certificate_file(authority_name);
    const bool key_there = folder_.has(key);
    if (has_certificate(authority_name)) {
        if (key_there) return read_authority();
        return failure(folder_.path_of(key),
                       "is not here, and has to sign " + lacking_names() +
                           ": put it back for as long as that takes");
    }
    // A new one would not be what has signed the others.
    if (!key_there && !there_.empty()) {
        return failure(folder_.path_of(certificate),
                       "is not here, but " + there_ +
                           " is: put it back, or make all keys anew in another folder");
    }
    return make_authority();
}

Outcome<> Making::make_authority() {
    auto key = have_key(authority_name);
    if (!key) return std::unexpected(key.error());
    authority_key_ = std::move(*key);
    auto made = make_certificate({.subject = "herd CA",
                                  .purpose = Purpose::authority,
                                  .not_before = now_ - day_s,
                                  .not_after = now_ + std::max(days_, authority_days) * day_s},
                                 *authority_key_,
                                 {});
    if (!made) return failure(folder_.path_of(key_file(authority_name)), made.error());
    authority_ = std::move(*made);
    const Memory pem = pem_of(*authority_);
    return add(certificate_file(authority_name), text_of(*pem), Mode::open);
}

// While one authority takes the place of another, its file has both.
Outcome<> Making::read_authority() {
    auto key = read_key(authority_name);
    if (!key) return std::unexpected(key.error());
    const std::string file = certificate_file(authority_name);
    const std::string path = folder_.path_of(file);
    const Text text = folder_.read(file);
    if (!text.unread.why.empty()) return failure(path, text.unread.why);
    auto all = parse_certificates(text.view());
    if (!all) return failure(path, all.error());
    const auto fits = [&](const Certificate& each) {
        return X509_check_private_key(each.get(), (*key).get()) == 1;
    };
    const auto found = std::ranges::find_if(*all, fits);
    openssl_trouble();
    if (found == (*all).end())
        return failure(folder_.path_of(key_file(authority_name)),
                       "is not the key of the certificate in " + path);
    if (X509_check_ca(found->get()) != 1) return failure(path, "is no CA's certificate");
    if (not_after(**found) <= now_) {
        return failure(path,
                       "has expired at " + time_text(not_after(**found)) + ", and it is " +
                           time_text(now_) + ": make all keys anew in another folder");
    }
    authority_key_ = std::move(*key);
    authority_ = std::move(*found);
    return {};
}

Outcome<> Making::make_one(Wanted wanted) {
    auto key = have_key(wanted.subject);
    if (!key) return std::unexpected(key.error());
    wanted.not_before = now_ - day_s;
    wanted.not_after = std::min(now_ + days_ * day_s, not_after(*authority_));
    const std::string file = certificate_file(wanted.subject);
    auto made = make_certificate(wanted, **key, {authority_.get(), authority_key_.get()});
    if (!made) return failure(folder_.path_of(file), made.error());
    const Memory pem = pem_of(**made);
    return add(file, text_of(*pem), Mode::open);
}

// One that is there is used: a run that ended half-way left it, or somebody wants a new certificate
// for it.
Outcome<Key> Making::have_key(std::string_view name) {
    const std::string file = key_file(name);
    if (folder_.has(file)) return read_key(name);
    Key key = make_key();
    const Memory pem = pem_of(*key);
    if (auto added = add(file, text_of(*pem), Mode::secret); !added) {
        return std::unexpected(added.error());
    }
    return key;
}

Outcome<Key> Making::read_key(std::string_view name) const {
    const std::string file = key_file(name);
    const std::string path = folder_.path_of(file);
    const Text text = folder_.read(file);
    if (!text.unread.why.empty()) return failure(path, text.unread.why);
    if (text.access.others_read || text.access.others_change) {
        return failure(path,
                       "others on this machine can read or change it: it is no secret (chmod 600)");
    }
    auto key = parse_key(text.view());
    if (!key) return failure(path, key.error());
    return key;
}

Outcome<> Making::add(const std::string& file, std::string_view text, Mode mode) {
    const std::string path = folder_.path_of(file);
    if (const auto added = folder_.add(file, text, mode); !added) {
        return failure(path, added.error());
    }
    made_.push_back(path);
    return {};
}

}  // namespace

Outcome<> make(const config::Config& config,
               const std::string& folder,
               std::uint32_t days,
               std::vector<std::string>& made) {
    assert(days > 0);
    assert(days <= days_max);
    begin_openssl();
    if (auto checked = check_names(config); !checked) return checked;
    auto opened = Folder::make(folder);
    if (!opened) return std::unexpected(opened.error());
    return Making(std::move(*opened), days, made).make(config);
}

std::vector<std::string> keys_elsewhere(const config::Config& config, const std::string& folder) {
    std::vector<std::string> files;
    const auto opened = Folder::open(folder);
    if (!opened) return files;
    for (const Wanted& each : all_wanted(config)) {
        std::string file = key_file(each.subject);
        const bool certified = (*opened).has(certificate_file(each.subject));
        if (certified && !(*opened).has(file)) files.push_back(std::move(file));
    }
    return files;
}

}  // namespace herd::keys
