package chart

import (
	"fmt"
	"html/template"
	"io"
	"strings"
)

var page = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{.Title}}</title>
<style>
:root { {{.Light}} }
@media (prefers-color-scheme: dark) { :root { {{.Dark}} } }
body { margin: 0; padding: 24px; background: var(--i0); color: var(--i2); font: 15px/1.45 system-ui, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1640px; margin: 0 auto; }
h1 { font-size: 22px; margin: 0 0 4px; }
p { margin: 0 0 20px; color: var(--i3); max-width: 90ch; }
.panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 560px), 1fr)); gap: 20px; align-items: start; }
svg { display: block; width: 100%; height: auto; border-radius: 10px; font-family: inherit; }
svg text { font-variant-numeric: tabular-nums; }
</style>
</head>
<body>
<main>
<h1>{{.Title}}</h1>
<p>{{.Note}}</p>
<div class="panels">
{{range .Panels}}<figure style="margin: 0">{{.}}</figure>
{{end}}</div>
</main>
</body>
</html>
`))

// WritePage writes the sheet as an HTML page that needs nothing else.
func (s *Sheet) WritePage(w io.Writer) error {
	content := struct {
		Title, Note string
		Light, Dark template.CSS
		Panels      []template.HTML
	}{Title: s.Title, Note: s.Note, Light: variables(light()), Dark: variables(dark())}
	colors := palette{}
	for i := range s.Panels {
		content.Panels = append(content.Panels, s.Panels[i].svg(colors))
	}
	return page.Execute(w, content)
}

// svg draws the panel alone. All words in it are escaped by the canvas.
func (p *Panel) svg(colors palette) template.HTML {
	var c svg
	c.printf(`<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 %g %g">`+"\n", panelWidth, p.height())
	p.draw(&c, colors, 0, 0)
	c.printf("</svg>")
	return template.HTML(c.text.String()) //nolint:gosec // see above
}

func variables(colors [inks]string) template.CSS {
	var text strings.Builder
	for i, color := range colors {
		fmt.Fprintf(&text, "--i%d: %s; ", i, color)
	}
	return template.CSS(text.String()) //nolint:gosec // constants
}
