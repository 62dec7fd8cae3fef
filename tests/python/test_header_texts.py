"""What is read out of headers: the site's reference and the bindings' docstrings are made of it."""

from header_texts import Header

SOURCE = """
namespace muxnet {

/// Things that are lent.
template <class T>
class Pool : public Base {
 public:
  /// At most `keep`.
  explicit Pool(std::size_t keep = {}) : keep_(keep) {}
  T take() const { return first_; }  // no more
  enum class Kind { open, closed };  ///< as it stands

 protected:
  int mine = 0;  ///< of heirs

 private:
  T first_;
};

/// Adds them.
int add(int a, const Options& options = {});

}  // namespace muxnet
"""


def declared():
    return [
        (entry.scope, entry.access, entry.code, [line.strip() for line in entry.text])
        for entry in Header(SOURCE).declarations
    ]


def test_declarations_come_with_their_place_and_access():
    pool = ("Pool",)
    assert [entry[:3] for entry in declared()] == [
        ((), "public", "template <class T> class Pool : public Base"),
        (pool, "public", "explicit Pool(std::size_t keep = {}) : keep_(keep)"),
        (pool, "public", "T take() const"),
        (pool, "public", "enum class Kind"),
        (("Pool", "Kind"), "public", "open"),
        (("Pool", "Kind"), "public", "closed"),
        (pool, "protected", "int mine = 0"),
        (pool, "private", "T first_"),
        ((), "public", "int add(int a, const Options& options = {})"),
    ]


def test_declarations_come_with_their_comments():
    texts = {code.split("(")[0].split()[-1]: text for _, _, code, text in declared()}
    assert texts["Pool"] == ["At most `keep`."]
    assert texts["add"] == ["Adds them."]
    assert texts["0"] == ["of heirs"]
    assert not texts["take"]
    assert not texts["closed"]


def test_texts_are_found_by_names_without_namespace_and_template():
    texts = Header(SOURCE).texts
    assert set(texts) >= {"Pool", "Pool.Pool", "Pool.mine", "add"}
    assert "T" not in texts
