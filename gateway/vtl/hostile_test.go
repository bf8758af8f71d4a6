package vtl_test

import (
	"strings"
	"testing"

	"github.com/lamgate/lamgate/gateway/vtl"
)

// blocksInBlocks has each block print all the blocks around it.
func blocksInBlocks(n int) string {
	var source strings.Builder
	all := ""
	for i := range n {
		name := "$d" + strings.Repeat("x", i)
		all += "${" + name[1:] + "}"
		source.WriteString("#define(" + name + ")")
	}
	for i := n - 1; i >= 0; i-- {
		source.WriteString(all + "#end${d" + strings.Repeat("x", i) + "}")
	}
	return source.String()
}

// TestHostile has templates that want all there is. Each must end soon, with an
// error or without.
func TestHostile(t *testing.T) {
	deep := func(open, inner, shut string, n int) string {
		return strings.Repeat(open, n) + inner + strings.Repeat(shut, n)
	}
	for name, source := range map[string]string{
		"growth":               `#set($s = "aaaaaaaa")#foreach($i in [1..1000])#set($s = $s + $s)#end`,
		"growth in quotes":     `#set($s = "aaaaaaaa")#foreach($i in [1..1000])#set($s = "$s$s")#end`,
		"growth by replace":    `#set($s = "aaaaaaaa")#foreach($i in [1..1000])#set($s = $s.replace("a", "aaaa"))#end`,
		"growth by replaceAll": `#set($s = "aaaaaaaa")#foreach($i in [1..1000])#set($s = $s.replaceAll("a", "$0$0$0"))#end`,
		"growth by addAll":     `#set($l = [1])#foreach($i in [1..1000])#set($x = $l.addAll($l))#end`,
		"large numbers":        `#set($n = 99999999999999999999)#foreach($i in [1..1000])#set($n = $n * $n)#end`,
		"large decimals":       `#set($n = 1e300)#set($b = 99999999999999999999)#foreach($i in [1..1000])#set($n = $b * $n * 1.5)#end`,
		"a large range":        `#set($x = [1..2000000000])$x`,
		"output":               `#foreach($i in [1..1000])#foreach($j in [1..1000])` + strings.Repeat("x", 1000) + `#end#end`,
		"loops":                `#foreach($i in [1..1000])#foreach($j in [1..1000])#foreach($k in [1..1000])#end#end#end`,
		"macros in macros":     `#macro(a)#foreach($i in [1..1000])#b()#end#end#macro(b)#foreach($i in [1..1000])#a()#end#end#a()`,
		"arguments by name":    `#macro(m $a)#if($depth < 18)#set($depth = $depth + 1)#m("$a$a$a$a")#end$a#end#set($depth = 0)#m("x")`,
		"a list in itself":     `#set($l = [])#foreach($i in [1..30])#set($x = $l.add($l))#end$l $l.hashCode() $l.equals($l) $l.contains($l)`,
		"a map in itself":      `#set($m = {})#set($m.m = $m)#set($m.e = $m.entrySet())$m $m.entrySet() #if($m == $m.m)x#end`,
		"entries in circles":   `#set($m = {})#set($m.a = $m.entrySet())#set($m.b = $m.entrySet())#set($m.a = $m.b)$m $m.a`,
		"a loop in itself":     `#foreach($i in [1])#set($foreach.me = $foreach)#set($foreach.l = [$foreach])$foreach#end`,
		"a block in itself":    `#define($d)$d$d$d#foreach($i in [1..1000])$d#end#end$d`,
		"blocks in blocks":     blocksInBlocks(40),
		"shared items":         `#set($l = [1])#set($k = [1])#foreach($i in [1..60])#set($l = [$l, $l])#set($k = [$k, $k])#end#foreach($i in [1..1000])#if($l == $k || $l.equals($k) || $k.hashCode() == 1 || $l.contains($k))x#end#end`,
		"entries in quotes":    `#set($m = {})#set($l = $input.path('$.l'))#set($m.l = $l)#foreach($i in [1..40])#set($x = $l.add($m.entrySet()))#end$l $m`,
		"paths":                `#foreach($i in [1..1000])#foreach($j in [1..1000])#set($x = $input.path('$..[?(@..x)]'))#end#end`,
		"paths made of text":   `#foreach($i in [1..1000])#foreach($j in [1..1000])#set($x = $input.path("$[?(@.a =~ /x{900}/ && @.b =~ /y{900}/)]$i"))#end#end`,
		"copies of the body":   `#foreach($i in [1..1000])#foreach($j in [1..1000])#set($x = $input.body)#end#end`,
		"a chain of names":     "$context" + strings.Repeat(".a", 100000),
		"large comparisons":    `#set($s = "aaaaaaaa")#foreach($i in [1..20])#set($s = $s + $s)#end#set($t = $s + "b")#foreach($i in [1..1000])#foreach($j in [1..1000])#set($x = "a".compareTo($t))#set($x = $s.compareTo($t))#end#end`,
		"a repeated pattern":   `#set($s = "a")#foreach($i in [1..16])#set($s = $s + $s)#end#foreach($i in [1..1000])#set($x = $s.matches("(a?){900}b"))#end`,
		"nearly slow patterns": `#set($s = "aaaaaaaaaaaaaaaaaaa!")#foreach($i in [1..1000])#set($x = $s.replaceAll("(a+)+(?=b)c", ""))#end`,
		"many matches":         `#set($s = "a")#foreach($i in [1..20])#set($s = $s + $s)#end$s.replaceAll("a", "").length()`,
		"a wide format":        `#set($s = "")#foreach($i in [1..1000])#foreach($j in [1..1000])#set($s = $s.format("%1000s%1000s", $s, $s))#end#end`,
		"evaluate":             `#set($e = '#evaluate($e)#evaluate($e)')#evaluate($e)`,
		"a slow pattern":       `#set($s = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!")$s.matches("(a+)+(?=b)c")`,
		"many slow patterns":   `#set($s = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!")#foreach($i in [1..1000])#set($x = $s.matches("(a+)+(?=b)c"))#end`,
		"a large pattern":      `#set($s = "a")$s.matches("((a{1000}){1000}){1000}")`,
		"nested parentheses":   "#if" + deep("(", "true", ")", 5000) + "#end",
		"nested blocks":        deep("#if(true)", "x", "#end", 20000),
		"nested lists":         "#set($x = " + deep("[", "1", "]", 20000) + ")",
		"nested not":           "#if(" + strings.Repeat("!", 20000) + "true)#end",
		"nested indexes":       deep("$x[", "1", "]", 20000),
		"nested calls":         deep("$x.y(", "1", ")", 20000),
		"many operators":       "#set($x = 1" + strings.Repeat(" + 1", 50000) + ")",
		"many backslashes":     strings.Repeat(`\`, vtl.MaxSource),
		"many quotes":          "#set($x = " + strings.Repeat(`"`, vtl.MaxSource-20) + ")",
		"many blanks":          strings.Repeat(" ", vtl.MaxSource-1) + "#",
		"too long":             strings.Repeat(" ", vtl.MaxSource+1),
	} {
		t.Run(name, func(t *testing.T) {
			template, err := vtl.Parse(source)
			if err == nil {
				var out []byte
				if out, err = template.Append(nil, &vtl.Environment{Input: vtl.Input{Body: []byte(hostileBody)}}); len(out) > vtl.MaxOutput+1<<20 {
					t.Errorf("prints %d bytes", len(out))
				}
			}
			t.Log(err)
		})
	}
}

var hostileBody = `{"l": [], "many": [` + strings.Repeat(`{"a": {"b": 1}},`, 10000) + `1]}`

func FuzzParse(f *testing.F) {
	for _, seed := range []string{passthrough, `#set($x = {"a": [1..2], "b": "c$d"})${x.a[0].size()}#foreach($i in $x)$i#end`, `\\$!{x}#[[ ]]##* *### `, `#macro(m $a)$a#end#@m(1)x#end#evaluate("$x")`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		template, err := vtl.Parse(source)
		if err != nil {
			if _, ok := err.(*vtl.Error); !ok {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		out, err := template.Append(nil, environment())
		if err != nil {
			if _, ok := err.(*vtl.Error); !ok {
				t.Fatalf("%T: %v", err, err)
			}
		}
		if len(out) > vtl.MaxOutput+1<<20 {
			t.Fatalf("prints %d bytes", len(out))
		}
	})
}
