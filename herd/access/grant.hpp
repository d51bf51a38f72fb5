#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace herd::access {

// Which clients are meant: one, by its id, or with a `*` at the end all whose ids begin with what
// stands before it, and so `*` all that there are. Anywhere else a `*` is a letter of an id. A
// value that owns its text, which is a field of the protocol: not empty, without white space.
class Pattern {
public:
    static constexpr std::size_t size_max = 255;

    // Nothing, if the text is no pattern or longer than size_max.
    static std::optional<Pattern> parse(std::string_view text);

    std::string_view text() const { return {text_.data(), size_}; }
    bool covers(std::string_view client) const;
    // All clients that the other one covers.
    bool covers(const Pattern& other) const;

    friend bool operator==(const Pattern& one, const Pattern& other) {
        return one.text() == other.text();
    }

private:
    bool is_prefix() const { return text().ends_with('*'); }
    // What the ids begin with, or the one id.
    std::string_view stem() const;

    std::array<char, size_max> text_{};
    std::uint8_t size_ = 0;
};

// What may be done with the clients of a pattern.
enum class Right : std::uint8_t {
    report = 1,  // IAMAT: say where they are
    ask = 2,     // WHATSAT: learn where they are
};

// Some of these, perhaps none.
struct Rights {
    bool report = false;
    bool ask = false;
    // Whose phone reports is told, unasked, where the others are that it may ask for.
    bool friends = false;

    bool any() const { return report || ask; }
    // Nobody is told what he may not ask.
    bool coherent() const { return ask || !friends; }
    bool has(Right right) const { return right == Right::report ? report : ask; }

    friend bool operator==(const Rights&, const Rights&) = default;
};

// "report,ask,friends", in this order; empty for none. They are coherent.
std::string_view to_text(Rights rights);
// The same, in any order, each once. Nothing, if it is something else, or not coherent.
std::optional<Rights> parse_rights(std::string_view text);

// One word: "report" or "ask".
constexpr std::string_view to_text(Right right) {
    return right == Right::report ? "report" : "ask";
}

// Who may do what, and until when.
struct Grant {
    static constexpr std::int64_t revoked = -1;                   // of until_s: it is over
    static constexpr std::int64_t never = 0;                      // of until_s: it stays good
    static constexpr std::int64_t until_s_max = 253'402'300'799;  // the end of the year 9999

    Pattern pattern = {};
    Rights rights = {};
    std::int64_t until_s = never;  // since 1970; from this second on it is worth nothing
    std::uint64_t key = 0;         // what Secret::signer() says of it; 0: nobody had to

    bool expired(std::int64_t now_s) const { return until_s != never && now_s >= until_s; }
    bool allows(std::string_view client, Right right) const {
        return rights.has(right) && pattern.covers(client);
    }

    bool is_revoked() const { return until_s == revoked; }
    void revoke() { until_s = revoked; }

    // Whoever has signed them.
    friend bool operator==(const Grant& one, const Grant& other) {
        return one.pattern == other.pattern && one.rights == other.rights &&
               one.until_s == other.until_s;
    }
};

}  // namespace herd::access
