#include "tests/live/made_certificates.hpp"

#include "tests/live/process.hpp"

#include <chrono>
#include <filesystem>
#include <stdexcept>

#include <openssl/pem.h>

namespace live {

namespace fs = std::filesystem;
namespace keys = herd::keys;

namespace {

std::int64_t now_s() {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

template <class Value>
Value must(herd::Outcome<Value> outcome) {
    if (!outcome) throw std::runtime_error(outcome.error());
    return std::move(*outcome);
}

// Who reads it meanwhile has the old one or the new one, whole.
void replace(const std::string& path, std::string_view text) {
    write_secret(path + ".new", std::string(text));
    fs::rename(path + ".new", path);
}

}  // namespace

void MadeCertificates::sign(const std::string& name, const Flaws& flaws) const {
    const bool there = fs::exists(path(name + ".key"));
    const keys::Key key =
        there ? must(keys::parse_key(read_file(path(name + ".key")))) : keys::make_key();
    const keys::Key own = keys::make_key();
    const std::int64_t now = now_s();
    const keys::Wanted authority = {.subject = "herd CA",
                                    .purpose = keys::Purpose::authority,
                                    .not_before = now - keys::day_s,
                                    .not_after = now + keys::day_s};
    const keys::Certificate strange = must(keys::make_certificate(authority, *own, {}));
    const auto known = must(keys::parse_certificates(read_file(path("ca.crt"))));
    const keys::Key signer = must(keys::parse_key(read_file(path("ca.key"))));
    const keys::Issuer issuer = flaws.stranger ? keys::Issuer{strange.get(), own.get()}
                                               : keys::Issuer{known.front().get(), signer.get()};
    const keys::Certificate made =
        must(keys::make_certificate({.subject = name,
                                     .purpose = flaws.purpose,
                                     .names = flaws.names.value_or(std::vector<std::string>{name}),
                                     .not_before = now + flaws.from_s,
                                     .not_after = now + flaws.until_s},
                                    *key,
                                    issuer));
    if (flaws.any_purpose) {
        X509_EXTENSION_free(
            X509_delete_ext(made.get(), X509_get_ext_by_NID(made.get(), NID_ext_key_usage, -1)));
        X509_sign(made.get(), issuer.key, EVP_sha256());
    }
    if (!there) write_key(name, *key);
    const keys::Memory text = keys::pem_of(*made);
    replace(path(name + ".crt"), keys::text_of(*text));
}

void MadeCertificates::write_key(const std::string& name, EVP_PKEY& key) const {
    const keys::Memory text = keys::pem_of(key);
    replace(path(name + ".key"), keys::text_of(*text));
}

void MadeCertificates::copy(const std::string& from, const std::string& to) const {
    replace(path(to), read_file(path(from)));
}

void MadeCertificates::remove(const std::string& file) const {
    fs::remove(path(file));
}

}  // namespace live
