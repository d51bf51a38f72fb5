#include "herd/program/token.hpp"

#include "herd/access/token.hpp"
#include "herd/config/text.hpp"
#include "herd/program/until.hpp"
#include "herd/secret_file.hpp"
#include "reactor/result.hpp"
#include "reactor/socket.hpp"
#include "reactor/sys.hpp"

#include <array>
#include <cassert>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string_view>

namespace herd::program {

namespace {

constexpr int useless = 1;
constexpr int wrong = 2;

int complain(const std::string& what) {
    std::fprintf(stderr, "herd: %s\n", what.c_str());
    return wrong;
}

Outcome<access::Grant> read_wish(const TokenRequest& wish) {
    const auto expected =
        [](const std::string& option, std::string_view what, const std::string& got) {
            return std::unexpected(option + ": expected " + std::string(what) + ", got " +
                                   config::quoted(got));
        };
    const auto pattern = access::Pattern::parse(wish.pattern);
    if (!pattern) {
        return expected(
            "--for", "a client's id, or how some begin and *, of at most 255 bytes", wish.pattern);
    }
    const auto rights = access::parse_rights(wish.rights);
    if (!rights) {
        return expected("--may", "report, ask or both, and with ask also friends", wish.rights);
    }
    const auto until = parse_until(wish.until, reactor::sys::wall_s());
    if (!until) {
        return expected("--until",
                        "a time to come, such as 2027-01-31, 2027-01-31T12:00:00Z or +30d, or "
                        "never",
                        wish.until);
    }
    return access::Grant{.pattern = *pattern, .rights = *rights, .until_s = *until};
}

int make_token(const std::string& secret_file, const TokenRequest& wish) {
    const auto grant = read_wish(wish);
    if (!grant) return complain(grant.error());
    reactor::sys::forbid_dumps();
    const auto secret = access::Secret::read(secret_file);
    if (!secret) return complain(secret.error());
    const auto token = access::mint(*secret, *grant);
    if (!token) return complain(token.error());
    std::printf("%s\n", (*token).c_str());
    return 0;
}

int show_token(const std::string& secret_file, const std::string& token) {
    const auto grant = access::claims(token);
    if (!grant) return complain("this is no token");
    const bool expired = grant->expired(reactor::sys::wall_s());
    std::string state = "not checked, as no secret is given";
    bool good = !expired;
    if (!secret_file.empty()) {
        const auto secret = access::Secret::read(secret_file);
        if (!secret) return complain(secret.error());
        const auto checked = access::check(*secret, token, reactor::sys::wall_s());
        const bool forged = !checked && checked.error() != access::Fault::expired;
        good = checked.has_value();
        state = forged ? "wrong: this herd has not given it" : "good";
    }
    std::printf("for        %s\nmay        %s\nuntil      %s%s\nsignature  %s\n",
                config::quoted(grant->pattern.text()).c_str(),
                std::string(access::to_text(grant->rights)).c_str(),
                show_until(grant->until_s).c_str(),
                expired ? ", which is over" : "",
                state.c_str());
    return good ? 0 : useless;
}

int make_secret(const std::string& file) {
    const auto made = reactor::sys::make_secret(file.c_str());
    if (!made && made.error().value == EEXIST) {
        return complain(file +
                        ": is there already, and stays: for a new secret make another file, put "
                        "its line before the old one in the file of each server, reload them, and "
                        "take the old line out when all have new tokens (docs/access.md)");
    }
    if (!made) return complain(file + ": " + std::string(describe(made.error())));
    const reactor::Socket open(*made);
    std::string text = access::Secret::make_text();
    const auto written = reactor::sys::write(open.fd(), text);
    const bool whole = written && *written == text.size();
    wipe(text);
    if (whole) return 0;
    // Half a secret would be taken for a whole one.
    static_cast<void>(reactor::sys::remove(file.c_str()));
    return complain(file + ": " +
                    std::string(written ? "the disk is full" : describe(written.error())));
}

}  // namespace

int token(const TokenRequest& request, const std::string& configured_secret_file) {
    if (!request.new_secret.empty()) return make_secret(request.new_secret);
    const std::string& secret_file =
        request.secret_file.empty() ? configured_secret_file : request.secret_file;
    if (!request.shown.empty()) return show_token(secret_file, request.shown);
    if (request.pattern.empty()) return complain("token: expected --for, --show or --make-secret");
    if (secret_file.empty()) {
        return complain("token: expected --secret-file, or --config with access.secret_file in it");
    }
    return make_token(secret_file, request);
}

Outcome<std::string> auth_line(const std::string& token_file) {
    const std::string what = "token file " + token_file;
    // With its end of line, and a byte that shows that there is more.
    std::array<char, access::token_size_max + 3> room{};
    const auto text = read_secret_file(token_file, false, room);
    constexpr std::string_view no_token = "holds no token, or something else beside it";
    if (!text) {
        const int error = text.error().value;
        if (error == EFBIG) return failure(what, no_token);
        if (error == ENOENT) return failure(what, "is not there; `herd token --for` makes one");
        return failure(what, why_unread(text.error()));
    }
    std::string_view token = *text;
    if (token.ends_with('\n')) token.remove_suffix(1);
    if (token.ends_with('\r')) token.remove_suffix(1);
    const auto grant = access::claims(token);
    if (!grant) return failure(what, no_token);
    return "AUTH " + std::string(grant->pattern.text()) + " " + std::string(token);
}

}  // namespace herd::program
