package vtl_test

import (
	"testing"

	"github.com/lamgate/lamgate/gateway/vtl"
)

// TestLanguage has what templates print. The cases were checked against Apache
// Velocity 1.7 whose handler of invalid references returns "".
func TestLanguage(t *testing.T) {
	for name, c := range map[string]struct{ template, want string }{
		// Nothing.
		"undefined prints nothing":          {`[$x] [$!x] [${x.y}] [$x.y()] [$x[0]]`, `[] [] [] [] []`},
		"undefined is true":                 {`#if($x)yes#end#if($x.y.z)yes#end`, `yesyes`},
		"undefined is the empty string":     {`#if($x == "" && $x == $null)yes#end#if($x.isEmpty())yes#end`, `yesyes`},
		"no result leaves a variable alone": {`#set($x = 1)#set($x = $x / 0)$x#set($x = "a" * 2)$x`, `11`},
		"a name without $ is null":          {`#set($m = {})$m.put("k", null)$m`, `{k=null}`},
		"literals are not true":             {`#if(1)a#end#if("x")b#end#if([1])c#end#if(true)d#end`, `d`},

		// Blanks.
		"set eats its line end":              {"#set($x = 1)  \n$x", "1"},
		"set eats blanks before it":          {"#set($x = 1)\n  #set($y = 2)\n$x$y", "12"},
		"but not after text":                 {"a\n  #set($x = 1)\nb", "a\n  b"},
		"directives eat their line ends":     {"#if(true)\n  a\n#end\nb\n#foreach($i in [1,2])\n$i\n#end\n", "  a\nb\n1\n2\n"},
		"else eats its line end":             {"#if(false)a#else  \nb#end", "b"},
		"comments eat their line end":        {"a ## b\nc #* d\n *#\ne", "a c \ne"},
		"a macro without parentheses keeps":  {"#macro(m)x#end#m\ny#m()\ny", "x\nyxy"},
		"what begins nothing is text":        {`$ $5 $. # #5 #x ${ {$} [$] 10% a@b.c $` + " ", `$ $5 $. # #5 #x ${ {$} [$] 10% a@b.c $ `},
		"a bang that begins nothing is lost": {`$!5 $!.x $.x`, `$5 .x $.x`},
		"text blocks are text":               {`#[[ $x #if( ## ]]#`, ` $x #if( ## `},
		"literal is text":                    {`#literal()$x #set($y = 1)#end`, `$x #set($y = 1)`},

		// Escapes.
		"an escaped reference":         {`#set($x = 1)\$x \\$x \\\$x \${x} \$!x \$y`, `$x \1 \$x ${x} $!x $y`},
		"an escaped directive":         {`\#if \#foo \\#if(true)a#end \#set($x = 1)`, `#if \#foo \a #set( = 1)`},
		"backslashes elsewhere remain": {`\ \\ \n \#5 "\"`, `\ \\ \n \#5 "\"`},

		// Strings.
		"quotes double":            {`#set($x = "a""b'c" + 'd''e"f')$x`, `a"b'cd'e"f`},
		"a backslash is itself":    {`#set($x = 'a\n\')$x #set($y = "\u0041\n")$y`, `a\n\A\n`},
		"interpolation":            {`#set($x = "b")#set($y = "a$x ${x}c #if(true)d#end $z $")$y`, `ab bc d  $`},
		"single quotes do not":     {`#set($y = '$x #if')$y`, `$x #if`},
		"plus joins":               {`#set($x = 1 + 2 + "a" + 1 + 2)$x #set($y = [1] + "b" + true)$y`, `3a12[1]btrue`},
		"UTF-16 counts":            {`#set($x = "ä😀b")$x.length() $x.substring(1, 3) $x.indexOf("b") $x.charAt(3)`, `4 😀 3 b`},
		"regular expressions":      {`#set($x = "a1b22")$x.replaceAll("(\d+)", "<$1>") $x.split("\d").size() $x.matches("[a-z0-9]*") $x.replaceFirst("[0-9]", "\$")`, `a<1>b<22> 2 true a$b22`},
		"lookahead, backreference": {`#set($x = "aabc")$x.replaceAll("a(?=b)", "-") $x.replaceAll("(.)\1", "=")`, `a-bc =bc`},
		"split drops empty ends":   {`#set($x = ",a,,")#foreach($p in $x.split(","))[$p]#end`, `[][a]`},
		"compareTo, hashCode":      {`#set($x = "Hello")$x.compareTo("Help") $x.hashCode()`, `-4 69609650`},

		// Numbers.
		"integers":        {`#set($x = 7 / 2)$x #set($x = -7 / 2)$x #set($x = -7 % 3)$x`, `3-3-1`},
		"integers grow":   {`#set($x = 2147483647 + 1)$x #set($x = 9223372036854775807 * 2)$x`, `214748364818446744073709551614`},
		"doubles":         {`#set($x = 1.0)$x #set($x = 10 / 4.0)$x #set($x = 1e10)$x #set($x = .5)$x`, `1.02.51.0E100.5`},
		"precedence":      {`#set($x = 1 + 2 * 3 > 6 && !false)$x`, `true`},
		"numbers compare": {`#if(1 == 1.0)a#end#if("1" == 1)b#end#if(2 ge 1.5)c#end#if("a" < "b")d#end`, `abc`},
		"static methods": {`#set($Integer = 0)#set($n = $Integer.parseInt("41") + 1)$n $Integer.valueOf("-7") $Integer.parseInt("ff", 16) $Integer.toString(255, 16) $Integer.toHexString(-1) $Integer.toBinaryString(5) $Integer.max(3, 4)#set($Double = 1.0) $Double.parseDouble(" 2.5 ") $Double.valueOf("3") $Double.min(1.0, 2.0)#set($Boolean = true) $Boolean.parseBoolean("TRUE") $Boolean.compareTo(false)`,
			`42 -7 255 ff ffffffff 101 4 2.5 3.0 1.0 true 1`},
		"static methods of strings": {`#set($s = "")$s.format("%s|%5s|%-5s|%05d|%+d|%,d|%.2f|%x|%b|%%|%S", "a", "b", "c", 42, 5, 1234567, 1.005, 255, true, "up") $s.format('%2$s%1$s', "a", [1]) $s.join(",", ["a", "b"]) $s.join("-", "a", "b") $s.valueOf(1.5)$s.valueOf(true)`,
			`a|    b|c    |00042|+5|1,234,567|1.01|ff|true|%|UP [1]a a,b a-b 1.5true`},
		"format rounds a half up":       {`#set($s = "")$s.format("%.0f %.1f %f %e %8.3f|%08.2f|%,.2f", 0.5, 0.25, 2.0, 12345.678, 3.14159, 2.5, 1234567.891)`, `1 0.3 2.000000 1.234568e+04    3.142|00002.50|1,234,567.89`},
		"static methods of other types": {`[$s.parseInt("1")]#set($s = "")[$s.parseInt("1")]#set($i = 1)[$i.parseDouble("1")][$i.format("%s", 1)]`, `[][][][]`},
		"hash codes":                    {`#set($l = [3, 1, 2])$l.hashCode() #set($m = {"a": 1, "b": "b"})$m.hashCode() #set($d = 5.7)$d.hashCode() $d.floatValue()`, `3270796-1931870207 5.7`},
		"an empty match behind a match": {`#set($x = "aXbX")$x.replaceAll("X*", "-") $x.replaceAll(".*", "y") $x.replaceFirst(".*", "y") $x.split("X*").size()`, `-a--b-- yy y 3`},
		"possessive, posix, quotation":  {`#set($x = "a.b--c")$x.replaceAll("-++", "+") $x.replaceAll("\p{Punct}", "") $x.split("\Q.\E")[1]`, `a.b+c abc b--c`},
		"methods of numbers":            {`#set($x = 5.7)$x.intValue() $x.toString().length() #set($i = 5)$i.doubleValue() $i.equals(5.0)`, `5 35.0 false`},

		// Lists and maps.
		"ranges":              {`#set($x = [2..-1])$x #foreach($i in [1..3])$i#end`, `[2, 1, 0, -1] 123`},
		"indexes":             {`#set($x = [1, [2, {"a": 3}]])$x[1][1].a $x[-2] $x[1][1]["a"]`, `3 1 3`},
		"lists":               {`#set($x = ["b", "a"])$x.add("c") $x $x.remove(0) $x.remove("c") $x $x.size() $x.empty $x.contains("a")`, `true [b, a, c] b true [a] 1 false true`},
		"maps":                {`#set($x = {"b": 1, "a": 2})$x.put("c", 3)$x.remove("b") $x $x.keySet() $x.values() $x.containsKey("a") $x.get("zz")`, `1 {a=2, c=3} [a, c] [2, 3] true `},
		"entries":             {`#set($m = {"a": 1, "b": [2]})#foreach($e in $m.entrySet())$e.key:$e.value:$e.getValue():$e #end`, `a:1:1:a=1 b:[2]:[2]:b=[2] `},
		"setting parts":       {`#set($x = {"l": [1, 2]})#set($x.l[0] = 9)#set($x["k"] = 1)#set($x.y.z = 1)$x`, `{l=[9, 2], k=1}`},
		"foreach over a map":  {`#set($m = {"a": 1, "b": 2})#foreach($v in $m)$v#end`, `12`},
		"foreach over a text": {`#foreach($v in "abc")$v#end#foreach($v in $x)$v#end#foreach($v in 5)$v#end`, ``},

		// Loops and macros.
		"the loop":               {`#foreach($i in ["a", "b"])$foreach.index$foreach.count$foreach.first$foreach.last$foreach.hasNext $velocityCount$velocityHasNext #end`, `01truefalsetrue 1true 12falsetruefalse 2false `},
		"loops in loops":         {`#foreach($i in [1, 2])#foreach($j in [1, 2])$foreach.parent.index$foreach.index #end#end`, `00 01 10 11 `},
		"variables are restored": {`#set($i = 0)#foreach($i in [1])$i#end$i$foreach$velocityCount`, `10`},
		"break":                  {`#foreach($i in [1..5])#if($i == 3)#break#end$i#end.`, `12.`},
		"break of the outer":     {`#foreach($i in [1..5])#foreach($j in [1..5])#if($j == 2)#break($foreach.parent)#end$j#end#end.`, `1.`},
		"stop":                   {`a#if(true)#stop#end b`, `a`},
		"macros":                 {`#m("x", 1)#macro(m $a $b)[$a $b $c]#end#m($z)`, `[x 1 ][  ]`},
		"arguments by name":      {`#macro(m $a)$a#set($z = 2)$a#end#set($z = 1)#m($z)#m("<$z>")`, `12<2><2>`},
		"recursion":              {`#macro(m $n)$n#if($n > 0)#set($k = $n - 1)#m($k)#end#end#m(2)`, `210`},
		"a body":                 {`#macro(m $a)<$a>$bodyContent</$a>#end#@m("b")text#end`, `<b>text</b>`},
		"define":                 {`#define($d)[$x]#end#set($x = 1)$d#set($x = 2)$d`, `[1][2]`},
		"define in itself":       {`#define($d)x$d#end$d`, `xx$d`},
		"evaluate":               {`#evaluate('#set($q = 5)$q')#evaluate("$q")$q`, `555`},
		"unknown directives":     {`#include_me #nope("x")`, `#include_me #nope("x")`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := render(t, c.template, &vtl.Environment{}); got != c.want {
				t.Errorf("%s\nprints %q\n  want %q", c.template, got, c.want)
			}
		})
	}
}

func TestErrorsTellWhereTheyAre(t *testing.T) {
	for source, want := range map[string]string{
		"a\n#if(true)":                          "unexpected end of the template at line 2, column 10",
		"a\nbä#end":                             `unexpected "#end" at line 2, column 3`,
		"#set($x = )":                           `unexpected ")" at line 1, column 11`,
		"#set($x = 5 -1)":                       `unexpected "-1" at line 1, column 13`,
		"$x[abc]":                               `unexpected "a" at line 1, column 4`,
		"${x":                                   "unexpected end of the template at line 1, column 4",
		"Hello $":                               `the template ends after "$", where a reference or a directive might begin at line 1, column 7`,
		"#[[ a":                                 "the text block is not closed by ]]# at line 1, column 1",
		"#foreach($x)$x#end":                    "#foreach is written #foreach($item in $list) at line 1, column 1",
		"#set($l = [])\n$l.get(0)":              "get: the index is outside of the list at line 2, column 4",
		"#set($l = [])\n$l[3]":                  "index 3 is outside of a list of 0 at line 2, column 3",
		"\n#parse('x')":                         "#parse has nothing to read: API Gateway has no other templates at line 2, column 1",
		"#macro(m)#m()#end#m()":                 "#m is called within more than 20 macros at line 1, column 10",
		"#set($i = 1)$i.parseInt('x')":          `parseInt: "x" is no integer of 32 bits at line 1, column 16`,
		"#set($i = 1)$i.parseInt('2147483648')": `parseInt: "2147483648" is no integer of 32 bits at line 1, column 16`,
		"#set($d = 1.0)$d.parseDouble('')":      `parseDouble: "" is no number at line 1, column 18`,
		"#set($s = '')$s.format('%d', 'a')":     `format: "%d" does not take its argument at line 1, column 17`,
		"#set($s = '')$s.format('%s')":          `format: there is no argument for "%s" at line 1, column 17`,
		"#set($s = 'a')$s.matches('[a&&b]')":    `matches: the regular expression "[a&&b]" cannot be read: unions and intersections of classes are not supported at line 1, column 18`,
		"$input.path('$[')":                     "",
		"#set($s = 'a')$s.replaceAll('(','')":   "",
	} {
		template, err := vtl.Parse(source)
		if err == nil {
			_, err = template.Append(nil, &vtl.Environment{})
		}
		if err == nil {
			t.Errorf("%s: no error", source)
			continue
		}
		if _, ok := err.(*vtl.Error); !ok {
			t.Errorf("%s: %T", source, err)
		}
		if want != "" && err.Error() != want {
			t.Errorf("%s\n got %s\nwant %s", source, err, want)
		}
	}
}

func TestStatic(t *testing.T) {
	for source, want := range map[string]bool{`{"statusCode": 200}`: true, "": true, "a ## b": true, "$ 5 ": true, "$x": false, "#set($x = 1)": false, `\$x`: false} {
		template, err := vtl.Parse(source)
		if err != nil {
			t.Fatal(err)
		}
		text, static := template.Static()
		if static != want {
			t.Errorf("Static of %q is %v", source, static)
		}
		if static && text != render(t, source, &vtl.Environment{}) {
			t.Errorf("Static of %q is %q", source, text)
		}
	}
}
