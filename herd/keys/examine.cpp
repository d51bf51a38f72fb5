#include "herd/keys/examine.hpp"

#include "herd/keys/certificate.hpp"
#include "herd/keys/files.hpp"
#include "herd/keys/names.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <cassert>
#include <string_view>
#include <utility>

#include <openssl/x509_vfy.h>

namespace herd::keys {

namespace {

using Store = std::unique_ptr<X509_STORE, Freed<X509_STORE_free>>;
using Verifying = std::unique_ptr<X509_STORE_CTX, Freed<X509_STORE_CTX_free>>;

// Owns the list, and not what is in it.
struct FreeShown {
    void operator()(STACK_OF(X509) * list) const { sk_X509_free(list); }
};
using Shown = std::unique_ptr<STACK_OF(X509), FreeShown>;

// What is known of one pair of files.
struct Holder {
    std::string name;
    bool server = true;  // else the operator
};

class Examination {
public:
    Examination(Folder folder, const config::Config& config)
        : folder_(std::move(folder)), config_(config) {}

    std::vector<Finding> run();

private:
    void examine_folder();
    void examine_authority();
    void examine_authority_key();
    void examine(const Holder& holder);
    // False: there is no use in looking at the certificate.
    bool examine_files(const Holder& holder);
    // `all`: its own, and what stands behind it in the file.
    void examine_certificates(const Holder& holder, const std::vector<Certificate>& all);
    void examine_dates(const std::string& path, const X509& certificate);
    void examine_names(const Holder& holder, X509& certificate);
    void examine_purpose(const Holder& holder, X509& certificate);
    void examine_signature(const std::string& path, const std::vector<Certificate>& all);
    void examine_key(const Holder& holder, X509& certificate);
    // None: it has been said why.
    std::vector<Certificate> read_certificates(const std::string& file);

    void find(Severity severity, const std::string& path, const std::string& what) {
        found_.push_back({severity, path + ": " + what});
    }
    void warn(const std::string& path, const std::string& what) {
        find(Severity::warning, path, what);
    }
    void fail(const std::string& path, const std::string& what) {
        find(Severity::error, path, what);
    }
    bool accessible(const std::string& path, const Text& text);

    const Folder folder_;
    const config::Config& config_;
    const std::int64_t now_ = reactor::sys::wall_s();
    const std::string authority_path_ = folder_.path_of(certificate_file(authority_name));
    std::vector<Certificate> authorities_;
    std::size_t holders_ = 0;  // that have a file here
    std::vector<Finding> found_;
};

std::vector<Finding> Examination::run() {
    examine_folder();
    examine_authority();
    examine_authority_key();
    for (const config::Server& server : config_.servers) {
        if (!server.legacy) examine({.name = server.name});
    }
    if (holders_ == 0) fail(folder_.path_of("*.crt"), "no server has a certificate here");
    const std::string name(operator_name);
    if (folder_.has(key_file(name)) || folder_.has(certificate_file(name))) {
        examine({.name = name, .server = false});
    }
    return std::move(found_);
}

void Examination::examine_folder() {
    if (!folder_.access().others_change) return;
    fail(folder_.path(), "others on this machine can change what is in it");
}

// A file that others can change is as good as theirs.
bool Examination::accessible(const std::string& path, const Text& text) {
    if (!text.unread.why.empty()) {
        fail(path, text.unread.missing ? "is not there; `herd keys` makes it" : text.unread.why);
        return false;
    }
    if (text.access.others_change) fail(path, "others on this machine can change it");
    return true;
}

void Examination::examine_authority() {
    const Text text = folder_.read(certificate_file(authority_name));
    if (!accessible(authority_path_, text)) return;
    auto all = parse_certificates(text.view());
    if (!all) return fail(authority_path_, all.error());
    for (Certificate& each : *all) {
        const std::size_t before = found_.size();
        if (X509_check_ca(each.get()) != 1) fail(authority_path_, "is no CA's certificate");
        examine_dates(authority_path_, *each);
        if (found_.size() == before) {
            find(Severity::ok, authority_path_, "until " + time_text(not_after(*each)));
        }
        authorities_.push_back(std::move(each));
    }
}

void Examination::examine_authority_key() {
    const std::string file = key_file(authority_name);
    const std::string path = folder_.path_of(file);
    if (!folder_.has(file)) return;
    const Text text = folder_.read(file);
    if (!text.unread.why.empty()) {
        if (!text.unread.missing) fail(path, text.unread.why);
        return;
    }
    if (text.access.others_read) fail(path, "everybody on this machine can read it");
    if (text.access.others_change) fail(path, "others on this machine can change it");
    find(Severity::ok,
         path,
         "whoever has it can pose as any server: it belongs on no server's machine");
}

void Examination::examine(const Holder& holder) {
    const std::size_t before = found_.size();
    if (!examine_files(holder)) return;
    const std::string file = certificate_file(holder.name);
    const std::vector<Certificate> all = read_certificates(file);
    if (all.empty()) return;
    examine_certificates(holder, all);
    const auto is_wrong = [](const Finding& each) { return each.severity != Severity::ok; };
    if (std::none_of(
            found_.begin() + static_cast<std::ptrdiff_t>(before), found_.end(), is_wrong)) {
        find(Severity::ok, folder_.path_of(file), "until " + time_text(not_after(*all.front())));
    }
}

bool Examination::examine_files(const Holder& holder) {
    const std::string certificate = certificate_file(holder.name);
    const std::string key = key_file(holder.name);
    const bool key_there = folder_.has(key);
    const bool certificate_there = folder_.has(certificate);
    if (key_there || certificate_there) ++holders_;
    if (certificate_there) return true;
    if (key_there) {
        fail(folder_.path_of(certificate), "is not here, but its key is: herd keys makes it");
    } else {
        warn(folder_.path_of(certificate),
             "is not here, nor is its key: right where the server runs on another machine");
    }
    return false;
}

std::vector<Certificate> Examination::read_certificates(const std::string& file) {
    const std::string path = folder_.path_of(file);
    const Text text = folder_.read(file);
    if (!accessible(path, text)) return {};
    auto all = parse_certificates(text.view());
    if (!all) {
        fail(path, all.error());
        return {};
    }
    return std::move(*all);
}

void Examination::examine_certificates(const Holder& holder, const std::vector<Certificate>& all) {
    const std::string path = folder_.path_of(certificate_file(holder.name));
    X509& certificate = *all.front();
    for (const Certificate& each : all) {
        const bool own = each == all.front();
        examine_dates(own ? path : path + ": what stands behind the first", *each);
    }
    examine_names(holder, certificate);
    examine_purpose(holder, certificate);
    examine_signature(path, all);
    examine_key(holder, certificate);
    const EVP_PKEY* const key = X509_get0_pubkey(&certificate);
    if (key != nullptr && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) {
        warn(path, "has an RSA key, with which a handshake takes twice the processor time");
    }
}

void Examination::examine_dates(const std::string& path, const X509& certificate) {
    const std::int64_t from = not_before(certificate);
    const std::int64_t until = not_after(certificate);
    const std::string now = ", and it is " + time_text(now_);
    if (from > now_) return fail(path, "is not valid before " + time_text(from) + now);
    if (until <= now_) return fail(path, "has expired at " + time_text(until) + now);
    if (until - now_ > warned_of_s) return;
    warn(path, "expires in 30 days or less, at " + time_text(until) + now);
}

void Examination::examine_names(const Holder& holder, X509& certificate) {
    const std::string path = folder_.path_of(certificate_file(holder.name));
    if (!is_for(certificate, holder.name)) {
        fail(path, "has not DNS:" + holder.name + " among its alternative names");
    }
    for (const config::Server& other : config_.servers) {
        if (other.legacy || other.name == holder.name || !is_for(certificate, other.name)) continue;
        warn(path, "has DNS:" + other.name + ", too: with its key one can pose as that server");
    }
}

void Examination::examine_purpose(const Holder& holder, X509& certificate) {
    const std::string path = folder_.path_of(certificate_file(holder.name));
    if (holder.server && X509_check_purpose(&certificate, X509_PURPOSE_SSL_SERVER, 0) != 1) {
        fail(path, "is not for servers (extended key usage serverAuth)");
    }
    if (X509_check_purpose(&certificate, X509_PURPOSE_SSL_CLIENT, 0) != 1) {
        fail(path, "is not for those who dial (extended key usage clientAuth)");
    }
}

// As a handshake does it, but for dates and purposes, which have lines of their own: what stands
// behind the certificate is shown with it, and leads to an authority or does not.
void Examination::examine_signature(const std::string& path, const std::vector<Certificate>& all) {
    if (authorities_.empty()) return;
    constexpr int no_weak_keys = 2;
    const Store store(X509_STORE_new());
    const Verifying verifying(X509_STORE_CTX_new());
    assert(store != nullptr);
    assert(verifying != nullptr);
    for (const Certificate& each : authorities_) X509_STORE_add_cert(store.get(), each.get());
    const Shown shown(sk_X509_new_null());
    assert(shown != nullptr);
    for (const Certificate& each : all) sk_X509_push(shown.get(), each.get());
    const int ready =
        X509_STORE_CTX_init(verifying.get(), store.get(), all.front().get(), shown.get());
    assert(ready == 1);
    X509_STORE_CTX_set_flags(verifying.get(), X509_V_FLAG_NO_CHECK_TIME);
    X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(verifying.get()), no_weak_keys);
    if (X509_verify_cert(verifying.get()) == 1) return;
    const int error = X509_STORE_CTX_get_error(verifying.get());
    openssl_trouble();
    fail(path,
         "is not signed by " + authority_path_ + " (" + X509_verify_cert_error_string(error) + ")");
}

void Examination::examine_key(const Holder& holder, X509& certificate) {
    const std::string file = key_file(holder.name);
    const std::string path = folder_.path_of(file);
    const Text text = folder_.read(file);
    if (text.unread.missing) {
        return warn(path, "is not here: right on a machine that only keeps certificates");
    }
    if (!accessible(path, text)) return;
    if (text.access.others_read) fail(path, "everybody on this machine can read it");
    const auto key = parse_key(text.view());
    if (!key) return fail(path, key.error());
    if (X509_check_private_key(&certificate, (*key).get()) != 1) {
        fail(path, "is not the key of " + folder_.path_of(certificate_file(holder.name)));
    }
    openssl_trouble();
}

}  // namespace

std::vector<Finding> examine(const std::string& folder, const config::Config& config) {
    begin_openssl();
    if (const auto checked = check_names(config); !checked) {
        return {{Severity::error, folder + ": " + checked.error()}};
    }
    auto opened = Folder::open(folder);
    if (!opened) return {{Severity::error, opened.error()}};
    return Examination(std::move(*opened), config).run();
}

}  // namespace herd::keys
