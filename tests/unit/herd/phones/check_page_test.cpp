// The page that shows who has a token what came with it.
#include "tests/unit/herd/phones/phone_world.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace check_page_test {

using namespace herd;
using namespace herd::phone_world;

namespace {

const std::string place = "lat=52.5163&lon=13.3777&timestamp=1767225000";

std::string get(const std::string& target, const std::string& headers = "") {
    return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n";
}

std::string page(World& world, const std::string& token, bool from_afar = false) {
    const std::string answer = say(world, get("/p/" + token + "/check"), from_afar);
    INFO(answer);
    CHECK(code_of(answer) == "200");
    return body_of(answer);
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// Of the rows of the table the one of that number, its first one being 1.
std::string row(const std::string& page, int number) {
    std::size_t at = page.find("<tbody>");
    for (int i = 0; i < number && at != std::string::npos; ++i) at = page.find("<tr>", at + 1);
    return at == std::string::npos ? "" : page.substr(at, page.find("</tr>", at) - at);
}

}  // namespace

TEST_CASE("check page: says what came, what became of it and how often, the latest first",
          "[herd][phones]") {
    World world(with_tokens());
    const std::string token = token_for("ada/*", {.report = true});
    CHECK(has(page(world, token), "Nothing, since this server has started"));
    say(world, get("/p/" + token + "/tel?" + place));
    world.run(5s);
    say(world, get("/p/" + token + "/tel?" + place));
    say(world, get("/p/" + token + "/tel?" + place));
    say(world, get("/p/" + token + "/car?lat=91&lon=1"));
    say(world, get("/p/" + token + "/car?lat=1&lon=1&time=never"));
    say(world, post("/p/" + token, "{\"lat\":"));
    say(world, post("/p/" + token, "lat=1&lon=2"));
    const std::string shown = page(world, token);
    CHECK(has(row(shown, 1), "it has no id"));
    CHECK(has(row(shown, 2), "it is no JSON"));
    CHECK((has(row(shown, 3), ">ada/car<") && has(row(shown, 3), "its time is none")));
    CHECK((has(row(shown, 4), ">ada/car<") && has(row(shown, 4), "no place on earth")));
    CHECK(has(row(shown, 5), ">ada/tel<"));
    CHECK(has(row(shown, 5), "a newer report, or the same, is there already"));
    CHECK(has(row(shown, 5), "<td>2</td>"));
    CHECK((has(row(shown, 6), ">taken<") && has(row(shown, 6), "<td>1</td>")));
    CHECK(has(row(shown, 6), "<td>5 s ago</td><td>10 min before</td>"));
    CHECK(row(shown, 7).empty());
    // What came is shown, and not where it was said to be.
    CHECK_FALSE(has(shown, "52.5163"));
}

TEST_CASE("check page: where a client is it says to who may ask", "[herd][phones]") {
    World world(with_tokens());
    const std::string both = token_for("ada/*", {.report = true, .ask = true});
    say(world, get("/p/" + both + "/tel?" + place));
    CHECK(has(row(page(world, both), 1), "<td>+52.5163+013.3777</td>"));
}

TEST_CASE("check page: a token's is for that token alone", "[herd][phones]") {
    World world(with_tokens());
    const std::string ada = token_for("ada/*", {.report = true});
    const std::string also_ada = token_for("ada/*", {.report = true, .ask = true});
    say(world, get("/p/" + ada + "/tel?" + place));
    // As a password it is the same one.
    say(world, post("/?id=bike&" + place, "", "Authorization: Bearer " + ada + "\r\n"));
    CHECK(has(page(world, ada, true), "ada/tel"));
    CHECK(has(page(world, ada, true), "ada/bike"));
    CHECK_FALSE(has(page(world, also_ada), "ada/tel"));
    CHECK_FALSE(has(page(world, token_for("*", {.report = true})), "ada/tel"));
    for (const std::string& wrong : {std::string("wrong"), token_for("ada/*", {.ask = true})}) {
        CHECK(code_of(say(world, get("/p/" + wrong + "/check"))) == "401");
    }
}

TEST_CASE("check page: without tokens it is for this machine, by a name of its own",
          "[herd][phones]") {
    World world(with_phones());
    say(world, get("/p/word/tel?" + place), true);
    CHECK(code_of(say(world, get("/p/word/check"), true)) == "403");
    CHECK(has(page(world, "word"), ">tel<"));
    CHECK_FALSE(has(page(world, "other"), ">tel<"));
    const std::string rebound = "GET /p/word/check HTTP/1.1\r\nHost: evil.example\r\n\r\n";
    CHECK(code_of(say(world, rebound)) == "403");
    CHECK(world.a().counters().phone_denied == 2);
}

TEST_CASE("check page: what a phone says is text, whatever it says", "[herd][phones]") {
    World world(with_tokens());
    const std::string token = token_for("ada/*", {.report = true});
    say(world, post("/p/" + token, "id=%3Cscript%3Ealert('x')%26%22%0Aq%25%FF&" + place));
    const std::string shown = page(world, token);
    CHECK(has(shown, ">ada/&lt;script&gt;alert(&#39;x&#39;)&amp;&#34;%0Aq%25%FF<"));
    CHECK_FALSE(has(shown, "<script"));
    CHECK_FALSE(has(shown, "alert('"));
    // A name that is longer than is kept is cut.
    say(world, post("/p/" + token, "id=" + std::string(200, '<') + "&" + place));
    CHECK(has(page(world, token), "&lt;...<"));
}

TEST_CASE("check page: loads nothing, runs nothing, and stays nowhere", "[herd][phones]") {
    World world(with_tokens());
    const std::string token = token_for("ada/*", {.report = true});
    const std::string answer = say(world, get("/p/" + token + "/check"));
    CHECK(has(answer, "Content-Type: text/html; charset=UTF-8\r\n"));
    CHECK(has(answer, "Cache-Control: no-store\r\n"));
    CHECK(has(answer, "Content-Security-Policy: default-src 'none'; "));
    CHECK(has(answer, "frame-ancestors 'none'"));
    CHECK(has(answer, "Referrer-Policy: no-referrer\r\n"));
    CHECK(has(answer, "X-Content-Type-Options: nosniff\r\n"));
    for (const char* part : {"<script", "src=", "href=", "url(", "http:", "https:"}) {
        CHECK_FALSE(has(body_of(answer), part));
    }
    CHECK_FALSE(has(answer, token));
    CHECK(code_of(say(world, "HEAD /p/" + token + "/check HTTP/1.1\r\nHost: localhost\r\n\r\n")) ==
          "200");
}

TEST_CASE("check page: a phone may be called that", "[herd][phones]") {
    World world(with_tokens());
    const std::string token = token_for("ada/*", {.report = true});
    CHECK(told(world, get("/p/" + token + "/check?" + place)) == "200 ");
    CHECK(where(world.a(), "ada/check") == "+52.5163+013.3777 1767225000");
    CHECK(told(world, post("/p/" + token + "/check", "lat=1&lon=2&timestamp=1767225001")) ==
          "200 ");
    CHECK(where(world.a(), "ada/check") == "+01+002 1767225001");
}

TEST_CASE("check page: has the latest ten, and a page for each of many tokens", "[herd][phones]") {
    World world(with_tokens());
    const std::string token = token_for("ada/*", {.report = true});
    for (int i = 0; i < 15; ++i) {
        say(world, get("/p/" + token + "/n" + std::to_string(i) + "x?" + place));
    }
    const std::string shown = page(world, token);
    CHECK(has(row(shown, 1), "ada/n14x"));
    CHECK(has(row(shown, 10), "ada/n5x"));
    CHECK(row(shown, 11).empty());
    for (int i = 0; i < 200; ++i) {
        const std::string other = token_for(("o" + std::to_string(i)).c_str(), {.report = true});
        say(world, get("/p/" + other + "/x?" + place));
    }
    CHECK(has(page(world, token), "ada/n14x"));
    world.a().check();
}

TEST_CASE("check page: what cannot be taken now stands there, too", "[herd][phones]") {
    config::Config config = with_tokens();
    config.limits.clients = 1;
    World world(config);
    const std::string token = token_for("ada/*", {.report = true});
    say(world, get("/p/" + token + "/a?" + place));
    CHECK(code_of(say(world, get("/p/" + token + "/b?" + place))) == "503");
    CHECK(has(row(page(world, token), 1), "there is no room for another client"));
}

}  // namespace check_page_test
