package jsonpath_test

import "testing"

func TestFilters(t *testing.T) {
	check(t, shop, []golden{
		{`$.stock[?(@.price < 3)].sku`, `["rice","salt"]`},
		{`$.stock[?(@.price <= 2)].sku`, `["rice","salt"]`},
		{`$.stock[?(@.price>4.5)].sku`, `["Gin 40"]`},
		{`$.stock[?(@.price >= 4.50)].sku`, `["tea","Gin 40"]`},
		{`$.stock[?(@.price == 2.0)].sku`, `["rice"]`},
		{`$.stock[?(@.sku == 'tea')].price`, `[4.5]`},
		{`$.stock[?(@.sku == "tea")].price`, `[4.5]`},
		{`$.stock[?('tea' == @.sku)].price`, `[4.5]`},
		{`$.stock[?(@['sku'] == 'tea')].price`, `[4.5]`},
		{`$.stock[ ? ( @.sku == 'tea' ) ].price`, `[4.5]`},
		{`$.stock[?(@.sku != 'tea')].sku`, `["rice","salt","Gin 40"]`},
		{`$.stock[?(@.adult)].sku`, `["Gin 40"]`},
		{`$.stock[?(!@.adult)].sku`, `["tea","rice","salt"]`},
		{`$.stock[?(!(@.adult))].sku`, `["tea","rice","salt"]`},
		{`$.stock[?(@.adult == true)].sku`, `["Gin 40"]`},
		{`$.stock[?(@.note)].sku`, `["rice"]`},
		{`$.stock[?(@.note == null)].sku`, `["rice"]`},
		// Missing is not null, and is unequal to everything.
		{`$.stock[?(@.note != null)].sku`, `["tea","salt","Gin 40"]`},
		{`$.stock[?(@.nobody != 1)].sku`, `["tea","rice","salt","Gin 40"]`},
		{`$.stock[?(@.nobody == @.nothing)].sku`, `[]`},
		{`$.stock[?(@.count > 5 && @.price < 1)].sku`, `["salt"]`},
		{`$.stock[?(@.count > 9 || @.price < 1)].sku`, `["tea","salt"]`},
		{`$.stock[?(@.count > 9 || @.price < 3 && @.count == 0)].sku`, `["tea","rice"]`},
		{`$.stock[?((@.count > 9 || @.price < 3) && @.count == 0)].sku`, `["rice"]`},
		{`$.stock[?(!(@.count > 5 || @.adult))].sku`, `["rice"]`},
		{`$.stock[?(@.count==10&&@.price==4.5)].sku`, `["tea"]`},
		// A path without an operator goes on to the next blank.
		{`$.stock[?(@.sku&&@.adult)].sku`, `[]`},
		{`$.stock[?(@.sku && @.adult)].sku`, `["Gin 40"]`},
		// Before a comparison ! says nothing.
		{`$.stock[?(!@.sku == 'tea')].sku`, `["tea"]`},
		{`$.stock[?(@.count < $.limit)].sku`, `["rice","salt","Gin 40"]`},
		{`$.stock[?(@.tags[0] == $.tags[0])].sku`, `["rice"]`},
		{`$.stock[?(@.tags.length() == 2)].sku`, `["tea"]`},
		{`$.stock[?(@.tags.length() > 0 && @.count > 0)].sku`, `["tea"]`},
		// An object is tested itself; neither a string nor null can be.
		{`$.address[?(@.street == 'Elm 1')].geo.lat`, `[51.5]`},
		{`$.address[?(@.street == 'Elm 2')]`, `[]`},
		{`$.name[?(@.x)]`, failing},
		{`$.*[?(@.lat)]`, `[]`},
		{`$.nobody[?(@.x)]`, missing},
		{`$.tags[?(@ == 'food')]`, `["food"]`},
		// What may lead to several values exists, even if it leads to none; and
		// a path that begins with $ is asked of the item.
		{`$.stock[?(@..lat)].sku`, `["tea","rice","salt","Gin 40"]`},
		{`$.stock[?($.adult)].sku`, `["Gin 40"]`},
		{`$[?(@.limit == 10)].name`, `["Corner shop"]`},
	})
}

// TestNumbersAndStrings compares what differs in type.
func TestNumbersAndStrings(t *testing.T) {
	check(t, `[{"v":1},{"v":"1"},{"v":1.0},{"v":"1.0"},{"v":true},{"v":null},{"v":"b"},{"v":[1]},{"v":{"k":1}}]`, []golden{
		{`$[?(@.v == 1)].v`, `[1,"1",1.0]`},
		{`$[?(1 == @.v)].v`, `[1,"1",1.0,"1.0"]`},
		{`$[?(@.v == '1')].v`, `[1,"1",1.0]`},
		{`$[?(@.v === 1)].v`, `[1,1.0]`},
		{`$[?(@.v === '1')].v`, `["1"]`},
		{`$[?(@.v !== 1)].v`, `["1","1.0",true,null,"b",[1],{"k":1}]`},
		{`$[?(@.v > 0)].v`, `[1,"1",1.0,"1.0","b"]`},
		{`$[?(@.v >= 'a')].v`, `["b"]`},
		{`$[?(@.v == true)].v`, `[true]`},
		{`$[?(@.v == null)].v`, `[null]`},
		{`$[?(@.v == [1])].v`, `[[1]]`},
		{`$[?(@.v == {'k':1})].v`, `[{"k":1}]`},
		// JSON on the left equals nothing.
		{`$[?([1] == @.v)].v`, `[]`},
		{`$[?(@.v == -1)].v`, `[]`},
	})
	check(t, `[{"v":12345678901234567890123},{"v":0.1000000000000000000001},{"v":"\"q\""}]`, []golden{
		{`$[?(@.v == 12345678901234567890123)].v`, `[12345678901234567890123]`},
		{`$[?(@.v == 0.1000000000000000000001)].v`, `[0.1000000000000000000001]`},
		{`$[?(@.v == '"q"')].v`, `["\"q\""]`},
		{`$[?(@.v == '\u0022q\u0022')].v`, `["\"q\""]`},
	})
}

func TestOperatorsOfLists(t *testing.T) {
	check(t, shop, []golden{
		{`$.stock[?(@.sku in ['tea', 'salt'])].sku`, `["tea","salt"]`},
		{`$.stock[?(@.sku IN ["tea"])].sku`, `["tea"]`},
		{`$.stock[?(@.sku nin ['tea', 'salt'])].sku`, `["rice","Gin 40"]`},
		{`$.stock[?(@.count in [2, '7'])].sku`, `["salt","Gin 40"]`},
		{`$.stock[?('food' in @.tags)].sku`, `["rice"]`},
		{`$.stock[?(@.nobody in ['x'])].sku`, `[]`},
		{`$.stock[?(@.nobody nin ['x'])].sku`, `["tea","rice","salt","Gin 40"]`},
		// Without a list nothing can be decided, not even the rest.
		{`$.stock[?(@.sku nin @.nobody)].sku`, `[]`},
		{`$.stock[?(@.sku in @.nobody || @.sku == 'tea')].sku`, `[]`},
		{`$.stock[?(@.sku == 'tea' || @.sku in @.nobody)].sku`, `["tea"]`},
		{`$.stock[?(@.tags contains 'food')].sku`, `["rice"]`},
		{`$.stock[?(@.sku contains 'i')].sku`, `["rice","Gin 40"]`},
		{`$.stock[?(@.count contains 1)].sku`, `[]`},
		{`$.stock[?(@.tags subsetof ['food','drinks','hot'])].sku`, `["tea","rice","salt"]`},
		{`$.stock[?(@.tags subsetof ['food'])].sku`, `["rice","salt"]`},
		{`$.stock[?(@.tags anyof ['hot','cold'])].sku`, `["tea"]`},
		{`$.stock[?(@.tags noneof ['hot','cold'])].sku`, `["rice","salt"]`},
		{`$.stock[?(@.tags size 2)].sku`, `["tea"]`},
		{`$.stock[?(@.sku size 4)].sku`, `["rice","salt"]`},
		{`$.stock[?(@.sku size 'x')].sku`, `[]`},
		{`$.stock[?(@.tags empty true)].sku`, `["salt"]`},
		{`$.stock[?(@.tags empty false)].sku`, `["tea","rice"]`},
		{`$.stock[?(@.note empty true)].sku`, `[]`},
		// Made for Java; in a path they never hold.
		{`$.stock[?(@.tags all ['food'])].sku`, `[]`},
		{`$.stock[?(@.sku type 'x')].sku`, `[]`},
		// A string that is a path is equal to no string of the list.
		{`$[?(@.tags contains 'food')].name`, `["Corner shop"]`},
		{`$[?(@.tags contains '$.name')].name`, `[]`},
		// Objects in a list cannot be compared.
		{`$[?(@.stock contains 'x')].name`, failing},
	})
}

func TestRegularExpressions(t *testing.T) {
	check(t, shop, []golden{
		{`$.stock[?(@.sku =~ /t.*/)].sku`, `["tea"]`},
		{`$.stock[?(@.sku =~ /.*T/i)].sku`, `["salt"]`},
		{`$.stock[?(@.sku =~ /e/)].sku`, `[]`},
		{`$.stock[?(@.sku =~ /(tea|rice)/)].sku`, `["tea","rice"]`},
		{`$.stock[?(@.sku =~ /(tea|rice)/ && @.count > 0)].sku`, `["tea"]`},
		{`$.stock[?(@.sku =~ /[a-z]{4}/)].sku`, `["rice","salt"]`},
		{`$.stock[?(@.sku =~ /^gin \d+$/i)].sku`, `["Gin 40"]`},
		{`$.stock[?(@.sku =~ /(?i)GIN.*/)].sku`, `["Gin 40"]`},
		{`$.stock[?(/t.*/ =~ @.sku)].sku`, `["tea"]`},
		{`$.stock[?(@.price =~ /\d/)].sku`, `["rice"]`},
		{`$.stock[?(@.adult =~ /true/)].sku`, `["Gin 40"]`},
		// What is missing is matched as the empty string.
		{`$.stock[?(@.nobody =~ /.*/)].sku`, `["tea","rice","salt","Gin 40"]`},
		{`$.stock[?(@.nobody =~ /.+/)].sku`, `[]`},
		{`$.stock[?(@.tags =~ /h.t/)].sku`, `["tea"]`},
		{`$[?(@.tags =~ /a\/b/)].name`, `["Corner shop"]`},
		// Java's own: lookarounds, backreferences, comments.
		{`$.stock[?(@.sku =~ /(?!tea).*/)].sku`, `["rice","salt","Gin 40"]`},
		{`$.stock[?(@.sku =~ /.*(?<=e)/)].sku`, `["rice"]`},
		{`$.stock[?(@.sku =~ /t e a # hot/x)].sku`, `["tea"]`},
	})
}
